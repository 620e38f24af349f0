/** Where a bench takes place: temporary nodes of its own, or this node and a peer of it. */
import type { VitalsSample } from '../../client/vitals-api.ts'
import type { Client } from '../../client/calls.ts'
import { LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { createDemoNodes } from '../demo-nodes.ts'
import { guardFolder } from './guard.ts'

export interface FieldNode {
  /** PeerId. */
  readonly id: string
  readonly name: string
  /** How this program reaches it; a peer of somebody is reached by their node alone. */
  readonly client?: Client
}

export interface Field {
  /** Made for this bench, and gone after it. */
  readonly temporary: boolean
  readonly nodes: readonly FieldNode[]
  /** Ends and removes what was made; safe to call twice. */
  leave(): Promise<void>
}

/** Nodes find each other within a second; a loaded machine may need longer. */
const MEET_TIMEOUT_MS = 30_000
const MEET_POLL_MS = 25
const AGENT = 'echo'

/** @throws PEER_UNREACHABLE - they did not meet */
export async function spawnField(cli: Cli, count: number): Promise<Field> {
  const nodes = await createDemoNodes(cli, 'bench')
  const guard = guardFolder(cli, nodes.folder)
  async function leave(): Promise<void> {
    await nodes.remove()
    await guard.release()
  }
  try {
    const started = await Promise.all(
      Array.from({ length: count }, (_, index) => nodes.start(`n${index + 1}`, []))
    )
    const field = started.map(({ started: { peerId }, client }, index) => {
      return { id: peerId, name: `n${index + 1}`, client }
    })
    await Promise.all(field.map((node) => meet(cli, node, field)))
    return { temporary: true, nodes: field, leave }
  } catch (error) {
    await leave()
    throw error
  }
}

/** Until `node` has a session with each other one, and knows its agents. */
async function meet(
  cli: Cli,
  { id, client }: Required<FieldNode>,
  all: readonly FieldNode[]
): Promise<void> {
  const begun = cli.clock.monotonic()
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- polling until they have met
    const { peers } = await client.peers(cli.call())
    const known = new Set(
      peers.flatMap((peer) =>
        peer.state === 'connected' && peer.agents.includes(AGENT) ? [peer.id] : []
      )
    )
    const missing = all.find((other) => other.id !== id && !known.has(other.id))
    if (missing === undefined) return
    const tookMs = Math.round(cli.clock.monotonic() - begun)
    if (tookMs > MEET_TIMEOUT_MS) {
      throw new LumosError('PEER_UNREACHABLE', { details: { peer: missing.name, tookMs } })
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!(await cli.clock.sleep(MEET_POLL_MS, cli.signal))) throw cli.signal.reason
  }
}

/** @throws PEER_UNKNOWN, PEER_AMBIGUOUS, DAEMON_DOWN */
export async function peerField(cli: Cli, selector: string): Promise<Field> {
  const client = cli.client()
  const [own, { peer }] = await Promise.all([
    client.id(cli.call()),
    client.peer(selector, cli.call())
  ])
  const nodes = [
    { id: own.peerId, name: own.name, client },
    { id: peer.id, name: peer.name }
  ]
  return { temporary: false, nodes, leave: async () => undefined }
}

export interface NodeUse {
  readonly name: string
  /** 1 is one core, all of the time. */
  readonly cpu: number
  readonly rssBytes: number
}

/** Begins to watch what the nodes use; the returned function tells it. */
export async function watchUse(cli: Cli, { nodes }: Field): Promise<() => Promise<NodeUse[]>> {
  const watched = nodes.flatMap(({ name, client }) =>
    client === undefined ? [] : { name, client }
  )
  const before = await Promise.all(
    watched.map(({ client }) => client.vitals({ peers: false }, cli.call()))
  )
  return () =>
    Promise.all(
      watched.map(async ({ name, client }, index) => {
        const since = before[index]?.now.seq ?? 0
        const { now, history } = await client.vitals({ since, peers: false }, cli.call())
        return { name, cpu: meanCpu(history.length > 0 ? history : [now]), rssBytes: now.rssBytes }
      })
    )
}

function meanCpu(samples: readonly VitalsSample[]): number {
  const overMs = samples.reduce((sum, sample) => sum + sample.overMs, 0)
  const cpuMs = samples.reduce((sum, { cpu, overMs: ms }) => sum + cpu * ms, 0)
  return overMs === 0 ? 0 : cpuMs / overMs
}
