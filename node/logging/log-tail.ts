/** The newest log lines in memory, and readers that follow: what `lumos logs` shows. */
import type { LogLine } from '../../client/api.ts'
import { LIMITS } from '../../core/limits.ts'
import { fits, isTalkative, LEVELS, wantsFrom, type AnyLevel } from '../../core/log-filter.ts'
import type { LogFilter } from '../../gateway/control/log-operations.ts'

export interface LogTail {
  /** Whether somebody follows who wants such a line, although the node itself does not keep it. */
  wants(component: string, level: AnyLevel): boolean
  /** `kept`: the line belongs to the log, and not only to those who follow. */
  add(line: string, kept: boolean): void
  lines(filter: LogFilter, signal: AbortSignal): AsyncGenerator<LogLine>
}

export function createLogTail(): LogTail {
  const ring = createRing(LIMITS.logLinesKept.value)
  const followers = new Set<Follower>()
  return {
    wants(component, level) {
      for (const { filter } of followers) {
        const isNamed = filter.component !== undefined
        const isLoud = LEVELS[level] >= LEVELS.info || isNamed || !isTalkative(component)
        if (isLoud && wantsFrom(filter, { component, level })) return true
      }
      return false
    },
    add(line, kept) {
      if (kept) ring.push(line)
      if (followers.size === 0) return
      const parsed = parse(line)
      for (const follower of followers) follower.tell(parsed)
    },
    async *lines(filter, signal) {
      const follower = createFollower(filter)
      // Before the kept lines are given out: what comes meanwhile must not fall between.
      if (filter.follow) followers.add(follower)
      try {
        const lines = ring.all().map(parse)
        yield* lines.filter((line) => fits(line, filter)).slice(-filter.limit)
        if (!filter.follow) return
        while (!signal.aborted) yield* await follower.next(signal)
      } finally {
        followers.delete(follower)
      }
    }
  }
}

/** The newest `limit` lines, as text: most are never read again. */
function createRing(limit: number): { push(line: string): void; all(): string[] } {
  const lines: string[] = []
  let oldest = 0
  return {
    push(line) {
      if (lines.length < limit) {
        lines.push(line)
        return
      }
      lines[oldest] = line
      oldest = (oldest + 1) % limit
    },
    all: () => [...lines.slice(oldest), ...lines.slice(0, oldest)]
  }
}

interface Follower {
  readonly filter: LogFilter
  tell(line: LogLine): void
  /** Lines since the last call; waits for the first. Empty when the signal aborts. */
  next(signal: AbortSignal): Promise<readonly LogLine[]>
}

function createFollower(filter: LogFilter): Follower {
  let queue: LogLine[] = []
  let dropped = 0
  let wake: (() => void) | undefined
  return {
    filter,
    tell(line) {
      if (!fits(line, filter)) return
      if (queue.length >= LIMITS.logQueue.value) {
        queue.shift()
        dropped += 1
      }
      queue.push(line)
      wake?.()
    },
    async next(signal) {
      if (queue.length === 0 && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        signal.addEventListener('abort', wake)
        await promise
        signal.removeEventListener('abort', wake)
      }
      const [first] = queue
      const lines = dropped > 0 && first !== undefined ? [droppedLine(dropped, first)] : []
      lines.push(...queue)
      queue = []
      dropped = 0
      return lines
    }
  }
}

function parse(line: string): LogLine {
  return JSON.parse(line)
}

function droppedLine(dropped: number, { time }: LogLine): LogLine {
  const message = 'lines left out: they came faster than they were read'
  return { time, level: 'warn', component: 'log', message, fields: { dropped } }
}
