/** What a run of the failover test amounts to: broken promises, and how soon another worker went on. */
import type { RunEvent } from '../../../client/api.ts'
import { FAULTS } from './faults.ts'
import type { Fault, FaultName } from './faults.ts'
import type { AskedTask, Heard } from './load.ts'
import { PACE } from './pace.ts'

/** A task that went on after its worker had failed it: at another one, or (`stayed`) at the same. */
export interface Failover {
  /** What was done to the worker that had it; nothing when it was left without need. */
  readonly fault: FaultName | 'none'
  readonly agent: string
  readonly stayed: boolean
  /**
   * Milliseconds from the fault, or from when the task was sent to a worker that had it already, to the
   * first word of whoever goes on.
   */
  readonly sinceFaultMs: number
  /** From when the next word of the worker was due, if that is later. */
  readonly sinceMissedMs: number
}

export interface Times {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly most: number
}

export interface FailoverFigures {
  readonly fault: FaultName | 'none'
  readonly sinceFault: Times
  readonly sinceMissed: Times
}

export interface FailoverReport {
  readonly tasks: number
  readonly completed: number
  /** Of agents that may do harm: no other worker may do what they had begun. */
  readonly interrupted: number
  /** All that may not be: sentences. */
  readonly problems: readonly string[]
  readonly failovers: readonly Failover[]
  readonly figures: readonly FailoverFigures[]
}

export interface Run {
  readonly tasks: readonly AskedTask[]
  readonly faults: readonly Fault[]
  /** Ids of tasks that left a trace, once for each time. */
  readonly effects: readonly string[]
}

export function judge({ tasks, faults, effects }: Run): FailoverReport {
  const done = new Map<string, number>()
  for (const id of effects) done.set(id, (done.get(id) ?? 0) + 1)
  const problems: string[] = []
  let [completed, interrupted] = [0, 0]
  for (const task of tasks) {
    const times = done.get(task.id) ?? 0
    const name = `${task.agent} ${task.id}`
    if (times > 1) problems.push(`${name} was done ${times} times`)
    if (task.code !== undefined) {
      // Nobody else may do what could do harm twice; that it may have been done is said.
      if (task.agent === 'once' && isLostWithWorker(task, faults)) interrupted += 1
      else problems.push(`${name}: ${task.code} ${story(task)}`)
      continue
    }
    completed += 1
    if (!task.whole) problems.push(`${name} is not whole ${story(task)}`)
    if (task.agent === 'once' && times === 0) problems.push(`${name} was never done`)
    if (!isContiguous(task.heard)) problems.push(`${name} has a gap ${story(task)}`)
  }
  const failovers = tasks.flatMap((task) => failoversOf(task, faults))
  const names = [...FAULTS, 'none'] as const
  return {
    tasks: tasks.length,
    completed,
    interrupted,
    problems,
    failovers,
    figures: names.map((fault) => figuresOf(fault, failovers))
  }
}

function figuresOf(
  fault: FailoverFigures['fault'],
  failovers: readonly Failover[]
): FailoverFigures {
  const those = failovers.filter((one) => one.fault === fault)
  return {
    fault,
    sinceFault: timesOf(those.map(({ sinceFaultMs }) => sinceFaultMs)),
    sinceMissed: timesOf(those.map(({ sinceMissedMs }) => sinceMissedMs))
  }
}

function timesOf(values: readonly number[]): Times {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number =>
    Math.round(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN)
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) }
}

/** Events at each worker in turn. */
interface Stay {
  readonly worker: string
  readonly sentAt: number
  readonly heard: Heard[]
}

function staysOf({ heard }: AskedTask): readonly Stay[] {
  const stays: Stay[] = []
  for (const one of heard) {
    const { event, at } = one
    if (event.type === 'routed') {
      if (stays.at(-1)?.worker !== event.worker.name)
        stays.push({ worker: event.worker.name, sentAt: at, heard: [] })
    } else if (WORDS.has(event.type)) stays.at(-1)?.heard.push(one)
  }
  return stays
}

/** All else is said by the caller's own node. */
const WORDS: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  'accepted',
  'status',
  'artifact',
  'resumed',
  'restarted',
  'result'
])

function failoversOf(task: AskedTask, faults: readonly Fault[]): Failover[] {
  const stays = staysOf(task)
  return stays.flatMap((stay, index) => {
    const next = stays[index + 1]
    const end = next?.sentAt ?? Infinity
    const fault = faults.find(
      ({ worker, from, to }) => worker === stay.worker && from < end && stay.sentAt < to
    )
    // What only one worker may do waits for that one.
    if (next === undefined && (fault === undefined || task.agent === 'once')) return []
    const since = Math.max(stay.sentAt, fault?.from ?? 0)
    const heard = stay.heard.filter(({ at }) => next !== undefined || at < since)
    const word = next === undefined ? stay.heard.find(({ at }) => at >= since) : next.heard[0]
    if (word === undefined) return []
    const due = Math.max(since, (heard.at(-1)?.at ?? stay.sentAt) + PACE[task.agent].pauseMs)
    return {
      fault: fault?.name ?? 'none',
      agent: task.agent,
      stayed: next === undefined,
      sinceFaultMs: word.at - since,
      sinceMissedMs: Math.max(0, word.at - due)
    }
  })
}

/** It was at a worker that was killed meanwhile. */
function isLostWithWorker(task: AskedTask, faults: readonly Fault[]): boolean {
  return staysOf(task).some(({ worker, sentAt }) =>
    faults.some(
      (fault) =>
        fault.worker === worker &&
        (fault.name === 'kill' || fault.name === 'stop') &&
        sentAt < fault.to &&
        (task.heard.at(-1)?.at ?? Infinity) > fault.from
    )
  )
}

function isContiguous(heard: readonly Heard[]): boolean {
  return heard.every(({ event }, index) => event.seq === index)
}

/** For whoever has to find out why. */
function story({ heard, askedAt }: AskedTask): string {
  const parts = heard.map(({ at, event }) => {
    const worker = 'worker' in event ? ` ${event.worker?.name}` : ''
    const error = 'error' in event ? ` ${event.error?.code}` : ''
    return `${Math.round(at - askedAt)} ${event.type}${worker}${error}`
  })
  return `(${parts.slice(-12).join(', ')})`
}
