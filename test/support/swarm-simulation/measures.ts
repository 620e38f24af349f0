/** What the phases measure alike, under the names that `npm run swarm` uses (bench/swarm/measures.ts). */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import { toLumosError } from '../../../core/errors.ts'
import { spreadOf, successOf } from '../../../bench/swarm/figures.ts'
import type { Spread } from '../../../bench/swarm/figures.ts'
import { pick, targetPeers } from '../../../bench/swarm/stage.ts'
import type { Placement } from '../../../tasks/caller/dispatcher.ts'
import { say } from '../tasks.ts'
import type { Host } from './network.ts'
import { skillOf } from './node.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulationStage } from './stage.ts'
import type { World } from './world.ts'

/** Longer than any promise: what is late is told as late. */
export const PATIENCE_MS = 60_000
const LOOK_MS = 100
const TASK_DEADLINE_MS = 30_000

export interface Measured extends Spread {
  /** Share, 0 to 1. */
  readonly success: number
  /** The first few. */
  readonly failures: readonly string[]
}

export interface Reached {
  /** Milliseconds since the beginning until the last; NaN when some never were. */
  readonly lastMs: number
  readonly missing: number
}

interface MeasureInit {
  readonly count: number
  readonly among?: readonly SimulatedNode[]
}

/** Milliseconds of the network: what a directory answers by itself takes none. */
export async function lookUps({ world }: SimulationStage, init: MeasureInit): Promise<Measured> {
  return inTurn(world, init, async (asker, owner) => {
    const { providers } = await asker.finder.find(skillOf(owner.host), { exact: true })
    if (!providers.some(({ peer }) => peer === owner.host.peer)) throw new Error('not found')
  })
}

export async function delegations(
  { world }: SimulationStage,
  init: MeasureInit
): Promise<Measured> {
  return inTurn(world, init, (asker, owner) => delegate(world, asker, owner.host))
}

type Try = (asker: SimulatedNode, owner: SimulatedNode) => Promise<void>

/** A try every few milliseconds, by somebody about somebody else. */
async function inTurn(
  world: World,
  { count, among = world.nodes }: MeasureInit,
  attempt: Try
): Promise<Measured> {
  const { time, random } = world
  const able = among.filter(hasAgents)
  const tries = { times: [] as number[], failures: [] as string[] }
  const running: Promise<void>[] = []
  for (let at = 0; at < count; at += 1) {
    const [asker, owner] = [pick(random, among), pick(random, able)]
    const since = time.monotonic()
    running.push(
      attempt(asker, owner).then(
        () => void tries.times.push(time.monotonic() - since),
        (error: unknown) => void tries.failures.push(toLumosError(error).code)
      )
    )
    if (at % 10 === 9) await time.advance(5)
  }
  await world.run(Promise.all(running))
  return {
    ...spreadOf(tries.times),
    success: successOf([tries]),
    failures: tries.failures.slice(0, 5)
  }
}

let taskNumber = 0

/** As tasks/ does it for idempotent agents: lost after it was taken, it is asked for once more. */
export async function delegate(world: World, asker: SimulatedNode, owner: Host): Promise<void> {
  const { time } = world
  const since = time.monotonic()
  const id = `task-${(taskNumber += 1)}`
  const late = new AbortController()
  const disarm = time.after(TASK_DEADLINE_MS, () => late.abort(new Error('late')))
  const remainingMs = (): number => TASK_DEADLINE_MS - (time.monotonic() - since)
  const order = { taskId: id, target: skillOf(owner), where: 'any' as const, message: say(id) }
  const inDoubt: Placement[] = []
  try {
    for (;;) {
      const placements: Placement[] = []
      try {
        const options = { signal: late.signal, remainingMs, inDoubt }
        for await (const event of asker.router.dispatch(order, options)) {
          if (event.type === 'routed') placements.push(event.placement)
          const { state } = (event.type === 'update' && event.update.statusUpdate?.status) || {}
          if (state !== undefined && TERMINAL_STATES.has(state)) return
        }
        return
      } catch (error) {
        late.signal.throwIfAborted()
        const { code, retry } = toLumosError(error)
        if (!retry || code === 'DELEGATION_FAILED' || placements.length === 0) throw error
        inDoubt.push(...placements)
      }
    }
  } finally {
    disarm()
  }
}

export function hasAgents({ book }: SimulatedNode): boolean {
  return book.cards().length > 0
}

/** Until each node has its session peers. */
export async function untilMeshed(
  { world }: SimulationStage,
  limitMs = PATIENCE_MS
): Promise<Reached> {
  const target = targetPeers(world.nodes.length)
  const lacking = (): number =>
    world.nodes.filter(({ sessions }) => sessions.all().length < target).length
  return until(world, lacking, limitMs)
}

/** Until each of the nodes finds the skill of each, itself included. */
export async function untilFound(
  { world }: SimulationStage,
  among: readonly SimulatedNode[] = world.nodes,
  limitMs = PATIENCE_MS
): Promise<Reached> {
  let left = among
  // Looked at first, since a thousand nodes are looked at ten times a second.
  const lackedLast = new Map<SimulatedNode, SimulatedNode>()
  const knowsAll = (node: SimulatedNode): boolean => {
    const before = lackedLast.get(node)
    if (before !== undefined && !knows(node, before)) return false
    const lacked = among.find((other) => !knows(node, other))
    if (lacked !== undefined) lackedLast.set(node, lacked)
    return lacked === undefined
  }
  const lacking = (): number => {
    left = left.filter((node) => !knowsAll(node))
    return left.length
  }
  return until(world, lacking, limitMs)
}

function knows({ directory }: SimulatedNode, { host, book }: SimulatedNode): boolean {
  const isHeld = book.cards().every(({ digest }) => directory.card(digest) !== undefined)
  return isHeld && directory.peer(host.peer) !== undefined
}

/** Until each has told the DHT of its skills once. */
export async function untilAnnounced({ world }: SimulationStage): Promise<Reached> {
  const lacking = (): number =>
    world.nodes.filter(({ dht }) => dht.announcing().announcedAt === undefined).length
  return until(world, lacking, 4 * PATIENCE_MS)
}

/** Until none of the nodes has any of the hosts in its directory. */
export async function untilGone(
  { world }: SimulationStage,
  gone: readonly Host[],
  among: readonly SimulatedNode[] = world.nodes
): Promise<Reached> {
  const left = new Set(among)
  const lacking = (): number => {
    for (const node of left) {
      if (gone.every(({ peer }) => node.directory.peer(peer) === undefined)) left.delete(node)
    }
    return left.size
  }
  return until(world, lacking, PATIENCE_MS)
}

/** Until all who run hold the same records. */
export async function untilEqual({ world }: SimulationStage): Promise<Reached> {
  const lacking = async (): Promise<number> => {
    const roots = new Set<string>()
    for (const { memory } of world.nodes) roots.add((await memory.replica.summary()).root)
    return roots.size - 1
  }
  return until(world, lacking, PATIENCE_MS)
}

async function until(
  { time }: World,
  lacking: () => number | Promise<number>,
  limitMs: number
): Promise<Reached> {
  let missing = 0
  const check = async (): Promise<boolean> => {
    missing = await lacking()
    return missing === 0
  }
  return { lastMs: await time.until(check, { limitMs, stepMs: LOOK_MS }), missing }
}
