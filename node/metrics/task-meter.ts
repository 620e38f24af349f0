/** Counts tasks that end, at both ends of a delegation, and how long they took. */
import { isErrorCode } from '../../core/errors.ts'
import type { Clock } from '../../core/clock.ts'
import { createCounter, createHistogram, OTHER } from '../../core/metrics.ts'
import type { CounterFamily, HistogramFamily } from '../../core/metrics.ts'
import { MinuteWindow } from '../../core/minute-window.ts'
import type { MinuteReport } from '../../core/minute-window.ts'
import type { OnTaskEnd, TaskEnd } from '../../tasks/task-end.ts'
import { METRICS } from './catalogue.ts'

export interface TaskMeter {
  readonly onWorked: OnTaskEnd
  readonly onAsked: OnTaskEnd
  /** Tasks of the last minute that this node worked on. */
  worked(): MinuteReport
  /** Those that it asked for. */
  asked(): MinuteReport
  readonly families: readonly CounterFamily[]
  readonly durations: HistogramFamily
}

const OUTCOMES: Readonly<Partial<Record<TaskEnd['state'], string>>> = {
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_FAILED: 'failed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_REJECTED: 'rejected'
}

export function createTaskMeter({
  clock
}: {
  readonly clock: Pick<Clock, 'monotonic'>
}): TaskMeter {
  const ended = createCounter(METRICS.tasks.ended)
  const durations = createHistogram(METRICS.tasks.duration)
  const failures = createCounter(METRICS.tasks.failures)
  const minutes = { worker: new MinuteWindow(), caller: new MinuteWindow() }

  function count(role: 'worker' | 'caller', end: TaskEnd): void {
    const { agentId: agent = '', skill = '', state, tookMs } = end
    const outcome = OUTCOMES[state] ?? OTHER
    ended.of(role, agent, skill, outcome).value += 1
    durations.of(role, skill || agent, outcome).observe(tookMs / 1000)
    minutes[role].add(tookMs, { failed: outcome !== 'completed', now: clock.monotonic() })
  }

  return {
    families: [ended, failures],
    durations,
    onWorked: (end) => count('worker', end),
    onAsked(end) {
      count('caller', end)
      if (end.error === undefined) return
      // Of a worker that is not of this version, say.
      failures.of(isErrorCode(end.error.code) ? end.error.code : OTHER).value += 1
    },
    worked: () => minutes.worker.report(clock.monotonic()),
    asked: () => minutes.caller.report(clock.monotonic())
  }
}
