/** What the nodes of one process do for the bench: they look for skills, and delegate tasks. */
import type { Random } from '../../core/random.ts'
import { toLumosError } from '../../core/errors.ts'
import { nowMs } from '../memory/clock.ts'
import { nameOf, SHARED_SKILL, skillOf } from './swarm-node.ts'
import type { SwarmNode } from './swarm-node.ts'

/** Longer than any promise, so that what is slow is told as slow and not as failed. */
const TASK_TIMEOUT_MS = 60_000
const DHT_TIMEOUT_MS = 10_000

export interface Tries {
  /** Milliseconds of each that succeeded. */
  readonly times: readonly number[]
  /** What went wrong with the others. */
  readonly failures: readonly string[]
}

export interface WorkInit {
  readonly count: number
  readonly inFlight: number
  /** Nodes whose skills are asked for. */
  readonly targets: readonly number[]
  readonly random: Random
}

/** One try: resolves to what went wrong, or to nothing. */
type Try = (node: SwarmNode, target: number) => Promise<string | undefined>

/** Each by a random node of `nodes` about a random target. */
export async function tryMany(
  nodes: readonly SwarmNode[],
  { count, inFlight, targets, random }: WorkInit,
  attempt: Try
): Promise<Tries> {
  const times: number[] = []
  const failures: string[] = []
  let left = count
  const pick = <T>(things: readonly T[]): T | undefined =>
    things[Math.floor(random.next() * things.length)]
  async function worker(): Promise<void> {
    while (left-- > 0) {
      const [node, target] = [pick(nodes), pick(targets)]
      if (node === undefined || target === undefined) throw new Error('there is nobody to ask')
      const began = nowMs()
      const failure = await attempt(node, target)
      if (failure === undefined) times.push(nowMs() - began)
      else failures.push(`${nameOf(node.index)} about ${skillOf(target)}: ${failure}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return { times, failures }
}

/** As `lumos find` and routing do it: the directory, and the DHT where that has nobody. */
export async function lookUp(node: SwarmNode, target: number): Promise<string | undefined> {
  const { providers } = await node.assembly.capabilities.finder.find(skillOf(target))
  return providers.some(({ name }) => name === nameOf(target)) ? undefined : 'not found'
}

/** The DHT alone, up to the first who is named. */
export function dhtLookUp(peers: ReadonlyMap<number, string>): Try {
  return async ({ assembly }, target) => {
    const signal = AbortSignal.timeout(DHT_TIMEOUT_MS)
    for await (const peer of assembly.capabilities.dht.providers(skillOf(target), signal)) {
      return peer === peers.get(target) ? undefined : 'somebody else was named'
    }
    return 'nobody was named'
  }
}

export interface Order {
  readonly id: string
  readonly ackMs: number
}

/** Resolves when the order is on disk. */
export async function order(node: SwarmNode, skill: string, patient: boolean): Promise<Order> {
  const { work } = node.assembly
  const began = nowMs()
  const id = work.ids()
  await work.delegations.delegate({
    taskId: id,
    isNew: true,
    target: skill,
    message: { messageId: id, role: 'ROLE_USER', parts: [{ text: id }] },
    timeoutMs: TASK_TIMEOUT_MS,
    patient
  })
  return { id, ackMs: nowMs() - began }
}

/** How an order ended: `done`, or why not; `open` when it goes on after `timeoutMs`, `unknown` when it is lost. */
export async function outcome(node: SwarmNode, id: string, timeoutMs: number): Promise<string> {
  const { delegations } = node.assembly.work
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    for await (const _ of delegations.watch(id, { signal }));
  } catch (error) {
    if (toLumosError(error).code === 'TASK_NOT_FOUND') return 'unknown'
    if (signal.aborted) return 'open'
  }
  const view = await delegations.find(id)
  if (view === undefined) return 'unknown'
  const said = view.artifacts[0]?.parts[0]?.text
  if (view.state === 'TASK_STATE_COMPLETED') return said === id ? 'done' : 'a wrong answer'
  return view.error?.code ?? view.state
}

/** Every third task is for whoever can do it, the others for the only one who can. */
export function delegate(random: Random): Try {
  return async (node, target) => {
    const skill = random.next() < 1 / 3 ? SHARED_SKILL : skillOf(target)
    try {
      const { id } = await order(node, skill, false)
      const end = await outcome(node, id, TASK_TIMEOUT_MS)
      return end === 'done' ? undefined : end
    } catch (error) {
      return toLumosError(error).code
    }
  }
}
