/** What the nodes of a wide swarm are asked to do, and how long it takes them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { RunEvent } from '../../client/api.ts'
import { textOf } from '../../core/a2a.ts'
import { toLumosError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { talk } from '../../test/support/talk.ts'
import type { Talk } from '../../test/support/talk.ts'
import type { WideNode } from '../../test/support/wide-nodes.ts'

const POLL_MS = 50
const TASKS = 100
const AT_ONCE = 8
const SHORT = { pieces: 2, length: 64, pauseMs: 0 }

/** Milliseconds until it is true; `Infinity` when it takes longer than `mostMs`. */
export async function until(isTrue: () => Promise<boolean>, mostMs: number): Promise<number> {
  const begun = performance.now()
  for (;;) {
    if (await isTrue().catch(() => false)) return performance.now() - begun
    if (performance.now() - begun > mostMs) return Infinity
    await delay(POLL_MS)
  }
}

/** Everybody has a peer and finds what each other has. */
export function allFound(nodes: readonly WideNode[]): Promise<boolean> {
  return every(nodes, async ({ client, name }) => {
    const others = nodes.filter((node) => node.name !== name)
    return every(others, async (other) => {
      const { providers } = await client.find(`talk-${other.name}`)
      return providers.length === 1
    })
  })
}

/** Nobody finds what `gone` had. */
export function forgotten(nodes: readonly WideNode[], gone: WideNode): Promise<boolean> {
  return every(nodes, async ({ client }) => {
    const { providers } = await client.find(`talk-${gone.name}`)
    return providers.length === 0
  })
}

/** Each has what each of them has written under `prefix`. */
export function allRemember(nodes: readonly WideNode[], prefix: string): Promise<boolean> {
  return every(nodes, async ({ client }) => {
    const { facts } = await client.memory.list('shared', { prefix })
    return facts.length === nodes.length
  })
}

/** All hold the same facts: keys and values. */
export async function isEqualMemory(nodes: readonly WideNode[]): Promise<boolean> {
  const held = await Promise.all(
    nodes.map(async ({ client }) => {
      const { facts } = await client.memory.list('shared')
      return JSON.stringify(facts.map(({ key, value }) => [key, value]))
    })
  )
  return new Set(held).size === 1
}

async function every<T>(
  items: readonly T[],
  holds: (item: T) => Promise<boolean>
): Promise<boolean> {
  const answers = await Promise.all(items.map(holds))
  return answers.every(Boolean)
}

export interface Delegations {
  readonly asked: number
  readonly completed: number
  readonly p50: number
  readonly p95: number
  /** Codes and states of those that did not come back whole. */
  readonly failures: readonly string[]
}

/** Random pairs, several at a time. */
export async function delegate(nodes: readonly WideNode[], random: Random): Promise<Delegations> {
  const times: number[] = []
  const failures: string[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < TASKS) {
      const seed = (next += 1)
      const caller = pick(nodes, random)
      const worker = pick(
        nodes.filter((node) => node !== caller),
        random
      )
      const begun = performance.now()
      const outcome = await outcomeOf(caller, worker, { ...SHORT, seed })
      if (outcome === undefined) times.push(performance.now() - begun)
      else failures.push(outcome)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Infinity
  return { asked: TASKS, completed: times.length, p50: at(0.5), p95: at(0.95), failures }
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random.next() * items.length)]
  if (item === undefined) throw new TypeError('nobody to pick')
  return item
}

export interface Stream {
  /** All pieces, in order, none twice, in one attempt. */
  readonly isWhole: boolean
  readonly firstPieceMs: number
  readonly tookMs: number
  /** Times that the caller lost the worker, and went on where it was. */
  readonly resumed: number
  readonly failure?: string
}

export async function stream(
  [caller, worker]: readonly [WideNode, WideNode],
  order: Talk,
  onFirstPiece: () => void = () => undefined
): Promise<Stream> {
  const begun = performance.now()
  let firstPieceMs = Infinity
  const events: RunEvent[] = []
  let failure: string | undefined
  try {
    for await (const event of story(caller, worker, order)) {
      if (event.type === 'artifact' && firstPieceMs === Infinity) {
        firstPieceMs = performance.now() - begun
        onFirstPiece()
      }
      events.push(event)
    }
  } catch (error) {
    failure = toLumosError(error).code
  }
  return {
    isWhole: isWhole(events, order),
    ...(failure !== undefined && { failure }),
    firstPieceMs,
    tookMs: performance.now() - begun,
    resumed: events.filter(({ type }) => type === 'resumed').length
  }
}

/** Milliseconds until the caller is told, and the worker has stopped. */
export async function cancel(caller: WideNode, worker: WideNode, mostMs: number): Promise<number> {
  const endless: Talk = { seed: 1, pieces: 1_000_000, length: 16, pauseMs: 20 }
  let id = ''
  let begun = Infinity
  for await (const event of story(caller, worker, endless)) {
    if (event.type === 'accepted') id = event.task.id
    if (event.type === 'artifact' && begun === Infinity) {
      begun = performance.now()
      await caller.client.cancel(id)
    }
    if (event.type === 'result' && event.task.state !== 'TASK_STATE_CANCELED') return Infinity
  }
  const stopped = await until(async () => {
    const { tasks } = await worker.client.tasks()
    return tasks.some((task) => task.id === id && task.state === 'TASK_STATE_CANCELED')
  }, mostMs)
  return stopped === Infinity ? Infinity : performance.now() - begun
}

function story(caller: WideNode, worker: WideNode, order: Talk): AsyncGenerator<RunEvent> {
  return caller.client.run({ target: `@talk-${worker.name}`, text: JSON.stringify(order) })
}

/** `undefined` when it came back whole. */
async function outcomeOf(
  caller: WideNode,
  worker: WideNode,
  order: Talk
): Promise<string | undefined> {
  try {
    const events = await Array.fromAsync(story(caller, worker, order))
    if (isWhole(events, order)) return undefined
    return events
      .map((event) => (event.type === 'result' ? event.task.state : event.type))
      .join(' ')
  } catch (error) {
    const { code, details } = toLumosError(error)
    return `${code} ${JSON.stringify(details)}`
  }
}

function isWhole(events: readonly RunEvent[], order: Talk): boolean {
  const last = events.at(-1)
  if (last?.type !== 'result' || last.task.state !== 'TASK_STATE_COMPLETED') return false
  if (events.some(({ seq, type }, index) => seq !== index || type === 'restarted')) return false
  const said = events.map((event) =>
    event.type === 'artifact' ? textOf(event.artifact.parts) : ''
  )
  return said.join('') === [...talk(order)].join('')
}
