/** Nodes with grants, their sessions over streams in memory. */
import { onTestFinished } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import { createGrantExchange } from '../../protocols/grants/exchange.ts'
import { createSessions } from '../../protocols/session/sessions.ts'
import { createAuthority } from '../../trust/authority.ts'
import { createBlame } from '../../trust/blame.ts'
import { createRevocations } from '../../trust/grants/revocations.ts'
import { NO_HEIRS } from '../../trust/heirs.ts'
import type { Heirs } from '../../trust/heirs.ts'
import type { Identity } from '../../trust/identity.ts'
import type { Role } from '../../trust/roles.ts'
import { SWARM } from './grants.ts'
import { testIdentity } from './identity.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryStreams } from './memory-streams.ts'
import { seededRandom } from './random.ts'

/** Of the peers the first is the owner; those beyond `inside` are strangers. Without a list all are members. */
export async function grantNodes(count: number, inside: number, listed = true) {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const identities = await Promise.all(
    Array.from({ length: count }, (_, at) => testIdentity(at + 1))
  )
  const roles = new Map(
    identities
      .slice(0, inside)
      .map(({ peer }, at): [string, Role] => [peer, at === 0 ? 'owner' : 'member'])
  )
  const members = {
    roleOf: (peer: string): Role | undefined => (listed ? roles.get(peer) : 'member'),
    listed,
    heirs: { ...NO_HEIRS }
  }
  const nodes = identities.map((identity, seed) =>
    createNode({ clock, network, members }, { identity, seed })
  )
  await Promise.all(nodes.map(({ start }) => start()))
  const at = (index: number) => {
    const node = nodes[index]
    if (node === undefined) throw new TypeError('there is no such node')
    return node
  }
  return { at, clock, members }
}

interface World {
  readonly clock: ManualClock
  readonly network: MemoryStreams
  readonly members: {
    readonly roleOf: (peer: string) => Role | undefined
    readonly listed: boolean
    readonly heirs: Heirs
  }
}

function createNode(
  { clock, network, members }: World,
  { identity, seed }: { identity: Identity; seed: number }
) {
  const kept: number[] = []
  const wallet: string[] = []
  const revocations = createRevocations({ clock }, { self: identity.peer })
  const authority = createAuthority(
    { clock, members, revocations, audit: { note: () => undefined } },
    { self: identity.peer, swarm: SWARM.slice('swarm:'.length) }
  )
  const sessions = createSessions({
    clock,
    logger: silentLogger,
    random: seededRandom(seed),
    host: network.host(identity.peer),
    permit: (peer, method) => authority.permit(peer, method),
    hello: () => ({ swarm: 'test', name: `n${seed}`, version: '0.0.0', fields: {} })
  })
  sessions.methods.request('a2a.SendMessage', (body) => body)
  const blame = createBlame({ clock, logger: silentLogger })
  const keepSoon = () => void kept.push(revocations.list().length)
  const exchange = createGrantExchange({
    sessions,
    authority,
    members,
    revocations,
    blame,
    clock,
    logger: silentLogger,
    grantsFor: () => wallet,
    onShown: () => {},
    keep: async () => keepSoon(),
    keepSoon
  })
  const ask = async (peer: Identity) => {
    const session = await sessions.connect(peer.peer)
    return session.request('a2a.SendMessage', new Uint8Array([1]))
  }
  onTestFinished(async () => {
    const stopping = Promise.all([exchange.stop(), sessions.stop()])
    await clock.advance(60_000)
    await stopping
  })
  const start = async () => {
    await exchange.start()
    await sessions.start()
  }
  return { identity, wallet, kept, revocations, blame, exchange, sessions, ask, start }
}
