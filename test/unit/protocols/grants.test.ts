/** Grants are shown, and what is taken back is known everywhere: sessions over streams in memory. */
import { afterEach, expect, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createGrantExchange } from '../../../protocols/grants/exchange.ts'
import { createSessions } from '../../../protocols/session/sessions.ts'
import { createAuthority } from '../../../trust/authority.ts'
import type { Members } from '../../../trust/authority.ts'
import { createRevocations, signRevocation } from '../../../trust/grants/revocations.ts'
import { NO_HEIRS } from '../../../trust/heirs.ts'
import type { Identity } from '../../../trust/identity.ts'
import type { Role } from '../../../trust/roles.ts'
import { grantOf, SWARM } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryStreams } from '../../support/memory-streams.ts'
import { seededRandom } from '../../support/random.ts'
import { PATIENCE } from '../../support/patience.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

/** Of the peers the first is the owner; those beyond `inside` are strangers. */
async function setup(count: number, inside: number) {
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
    roleOf: (peer: string) => roles.get(peer),
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
  readonly members: Members
}

function createNode(
  { clock, network, members }: World,
  { identity, seed }: { identity: Identity; seed: number }
) {
  const kept: number[] = []
  const wallet: string[] = []
  const revocations = createRevocations({ clock })
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
  const exchange = createGrantExchange({
    sessions,
    authority,
    members,
    revocations,
    clock,
    logger: silentLogger,
    grantsFor: () => wallet,
    onShown: () => {},
    keep: async (all) => void kept.push(all.length)
  })
  const ask = async (peer: Identity) => {
    const session = await sessions.connect(peer.peer)
    return session.request('a2a.SendMessage', new Uint8Array([1]))
  }
  stops.push(async () => {
    const stopping = Promise.all([exchange.stop(), sessions.stop()])
    await clock.advance(60_000)
    await stopping
  })
  const start = async () => {
    await exchange.start()
    await sessions.start()
  }
  return { identity, wallet, kept, revocations, exchange, sessions, ask, start }
}

test('a guest shows its grant and is served at once, others are not', async () => {
  const { at } = await setup(4, 2)
  const [owner, member, guest, stranger] = [at(0), at(1), at(2), at(3)]
  guest.wallet.push((await grantOf(owner.identity, guest.identity)).token)
  await expect(guest.ask(member.identity)).resolves.toEqual(new Uint8Array([1]))
  stranger.wallet.push(...guest.wallet)
  await expect(stranger.ask(member.identity)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('a grant that is taken back ends at every node, also at those that come later', async () => {
  const { at } = await setup(5, 4)
  const [owner, near, far, late, guest] = [at(0), at(1), at(2), at(3), at(4)]
  const { token, claims } = await grantOf(owner.identity, guest.identity)
  guest.wallet.push(token)
  await guest.ask(far.identity)
  await owner.sessions.connect(near.identity.peer)
  await near.sessions.connect(far.identity.peer)
  await owner.exchange.tell(await signRevocation(owner.identity, claims))
  await vi.waitFor(() => expect(far.revocations.covers(claims)).toBe(true), PATIENCE)
  await expect(guest.ask(far.identity)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await late.sessions.connect(far.identity.peer)
  await vi.waitFor(() => expect(late.revocations.covers(claims)).toBe(true), PATIENCE)
  expect([owner, near, far, late].map(({ kept }) => kept)).toEqual([[1], [1], [1], [1]])
})

test('strangers fill nobody’s list with what they take back', async () => {
  const { at } = await setup(3, 2)
  const [owner, member, stranger] = [at(0), at(1), at(2)]
  const { claims } = await grantOf(owner.identity, member.identity)
  const invented = await testIdentity(99)
  stranger.revocations.add(await signRevocation(invented, claims))
  stranger.revocations.add(await signRevocation(stranger.identity, claims))
  await stranger.sessions.connect(member.identity.peer)
  await vi.waitFor(() => expect(member.revocations.list()).toHaveLength(1), PATIENCE)
  expect(member.revocations.list()[0]?.issuer).toBe(stranger.identity.peer)
  expect(member.revocations.covers(claims)).toBe(false)
})

test('what a key took back before it was succeeded is believed from whoever hands it on', async () => {
  const { at, members } = await setup(4, 3)
  const [owner, near, away, guest] = [at(0), at(1), at(2), at(3)]
  const former = await testIdentity(50)
  members.heirs.presentOf = (peer) => (peer === former.peer ? owner.identity.peer : peer)
  const { claims } = await grantOf(former, guest.identity)
  near.revocations.add(await signRevocation(former, claims))
  await away.sessions.connect(near.identity.peer)
  await vi.waitFor(() => expect(away.revocations.covers(claims)).toBe(true), PATIENCE)
})
