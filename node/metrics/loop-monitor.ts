/** How late the event loop is: one histogram of the runtime for all who ask. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Component } from '../../core/component.ts'

export interface LoopDelay {
  /** Milliseconds in 99 of 100 turns, and at worst, without the timer's own resolution. */
  readonly p99Ms: number
  readonly maxMs: number
}

export interface LoopMonitor extends Component {
  /** Since the last time that it was taken: for the one who does so regularly. */
  take(): LoopDelay
  /** What was taken last. */
  taken(): LoopDelay
  /** 99th percentile in ms, of what was taken last and what has come since. */
  delayMs(): number
}

const RESOLUTION_MS = 20

export function createLoopMonitor(): LoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  let last: LoopDelay = { p99Ms: 0, maxMs: 0 }
  const look = (): LoopDelay => ({
    p99Ms: late(histogram.percentile(99)),
    maxMs: late(histogram.max)
  })
  return {
    async start() {
      histogram.enable()
    },
    async stop() {
      histogram.disable()
    },
    take() {
      last = look()
      histogram.reset()
      return last
    },
    taken: () => last,
    delayMs: () => Math.max(last.p99Ms, look().p99Ms)
  }
}

function late(nanoseconds: number): number {
  return Math.max(0, Number((nanoseconds / 1e6 - RESOLUTION_MS).toFixed(1)))
}
