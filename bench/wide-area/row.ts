/** Puts one condition to the test: a swarm is started under it, used, hurt, and taken apart. */
import type { Random } from '../../core/random.ts'
import type { WideNode } from '../../test/support/wide-nodes.ts'
import {
  allFound,
  allRemember,
  cancel,
  delegate,
  forgotten,
  isEqualMemory,
  stream,
  until
} from './checks.ts'
import type { Delegations, Stream } from './checks.ts'
import type { Condition } from './conditions.ts'
import { startWideSwarm } from './swarm.ts'
import type { WideSwarm } from './swarm.ts'

export interface Row {
  readonly condition: string
  readonly discoveryMs: number
  readonly delegation: Delegations
  readonly stream: Stream
  readonly cancelMs: number
  readonly memoryMs: number
  /** After a fault: all replicas alike, and everybody found, within the same time as at first. */
  readonly mendedMs: number | undefined
  readonly deathMs: number
  readonly farewellMs: number
  /** Promises that were broken; none is as it should be. */
  readonly broken: readonly string[]
}

export interface RowInit {
  readonly folder: string
  readonly seed: number
  readonly random: Random
  readonly progress: (text: string) => void
}

const LONG = { seed: 7, pieces: 2000, length: 200, pauseMs: 0 }
/** Longer than any of the faults. */
const THROUGH_FAULT = { seed: 7, pieces: 2000, length: 100, pauseMs: 14 }
/** A mended link is found by dials that come every minute at the latest. */
const MENDED_MS = 60_000
const PATIENCE = 3

export async function runRow(condition: Condition, init: RowInit): Promise<Row> {
  const { progress } = init
  progress(`${condition.name}: four nodes start`)
  const swarm = await startWideSwarm(condition, init)
  try {
    return await measure(condition, swarm, init)
  } finally {
    await swarm.stop()
  }
}

async function measure(
  condition: Condition,
  swarm: WideSwarm,
  { progress, random }: RowInit
): Promise<Row> {
  const { promises } = condition
  const { nodes } = swarm
  // The first two beside the meeting place may be outside of the routers; the last two are behind them.
  const [caller, worker] = [nodes.at(-1), nodes.at(-2)]
  if (caller === undefined || worker === undefined) throw new TypeError('too few nodes')
  const say = <T>(what: string, value: T): T => {
    progress(`  ${what}: ${typeof value === 'number' ? Math.round(value) : JSON.stringify(value)}`)
    return value
  }
  const discoveryMs = say(
    'found, ms',
    await until(() => allFound(nodes), PATIENCE * promises.discovery)
  )
  const delegation = say('tasks', await delegate(nodes, random))
  const memoryMs = say('memory, ms', await remember(nodes, 'calm/', PATIENCE * promises.memory))
  const order = condition.fault === undefined ? LONG : THROUGH_FAULT
  // A fault comes when the stream flows: what is promised of its begin is promised of a whole link.
  const flowing = Promise.withResolvers<void>()
  const streaming = stream([caller, worker], order, flowing.resolve)
  await Promise.race([flowing.promise, streaming])
  const mendedMs = await hurt(condition, swarm, { caller, worker })
  if (mendedMs !== undefined) say('mended, ms', mendedMs)
  const streamed = say('stream', await streaming)
  const cancelMs = say('cancel, ms', await cancel(caller, worker, PATIENCE * promises.cancel))
  const ends = await leave(condition, nodes)
  say('killed and stopped, ms', ends)
  const row = { condition: condition.name, discoveryMs, delegation, memoryMs }
  const measured = { ...row, stream: streamed, mendedMs, cancelMs, ...ends }
  return { ...measured, broken: broken(condition, measured) }
}

/** A fact of each node, at all others. */
async function remember(
  nodes: readonly WideNode[],
  prefix: string,
  mostMs: number
): Promise<number> {
  const begun = performance.now()
  await Promise.all(
    nodes.map(({ client, name }) =>
      client.memory.put('shared', { key: `${prefix}${name}`, value: name })
    )
  )
  const took = await until(() => allRemember(nodes, prefix), mostMs)
  return took === Infinity ? Infinity : performance.now() - begun
}

/** Writes go on at both sides of the fault; resolves to how long mending took. */
async function hurt(
  { fault }: Condition,
  { network, nodes }: WideSwarm,
  pair: { readonly caller: WideNode; readonly worker: WideNode }
): Promise<number | undefined> {
  if (fault === undefined) return undefined
  const ports = { from: pair.caller.host.port, to: pair.worker.host.port }
  const faulty = fault(network, ports)
  await Promise.all(
    nodes.map(({ client, name }) =>
      client.memory.put('shared', { key: `fault/${name}`, value: name })
    )
  )
  await faulty
  return until(
    async () =>
      (await allRemember(nodes, 'fault/')) &&
      (await isEqualMemory(nodes)) &&
      (await allFound(nodes)),
    2 * MENDED_MS
  )
}

/** One is killed, then another one stopped. */
async function leave(
  { promises }: Condition,
  nodes: readonly WideNode[]
): Promise<Pick<Row, 'deathMs' | 'farewellMs'>> {
  const [first, second, third, fourth] = nodes
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) {
    throw new TypeError('four nodes are wanted')
  }
  await fourth.kill()
  const left = [first, second, third]
  const deathMs = await until(() => forgotten(left, fourth), PATIENCE * promises.death)
  const stopping = third.stop()
  const farewellMs = await until(
    () => forgotten([first, second], third),
    PATIENCE * promises.farewell
  )
  await stopping
  return { deathMs, farewellMs }
}

function broken({ promises }: Condition, row: Omit<Row, 'broken'>): readonly string[] {
  const { delegation, stream: streamed } = row
  const times: readonly (readonly [string, number, number])[] = [
    ['everybody is found', row.discoveryMs, promises.discovery],
    ['p95 of delegation', delegation.p95, promises.delegationP95],
    ['first piece of a stream', streamed.firstPieceMs, promises.firstPiece],
    ['cancel', row.cancelMs, promises.cancel],
    ['memory', row.memoryMs, promises.memory],
    ['mending', row.mendedMs ?? 0, MENDED_MS],
    ['a killed node is forgotten', row.deathMs, promises.death],
    ['a stopped node is forgotten', row.farewellMs, promises.farewell]
  ]
  return [
    ...times.flatMap(([what, took, most]) =>
      took <= most ? [] : [`${what}: ${Math.round(took)} ms, promised ${most}`]
    ),
    ...(delegation.completed === delegation.asked
      ? []
      : [`${delegation.asked - delegation.completed} of ${delegation.asked} tasks were lost`]),
    ...(streamed.isWhole ? [] : [`the stream did not come whole ${streamed.failure ?? ''}`.trim()])
  ]
}
