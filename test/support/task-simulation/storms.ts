/** The weathers of the task simulation: what each is rich in. */
import type { Storm } from './storm.ts'

const EVERYBODY = ['harmless', 'harmful', 'resumable', 'endless', 'patient'] as const
/** Among several workers. */
const MOVED = [...EVERYBODY, 'careful'] as const

export const STORMS = {
  crashes: {
    agents: EVERYBODY,
    steps: 100,
    stepMs: 50,
    calmMs: 15_000,
    diskDelayMs: 20,
    chances: {
      ask: 0.12,
      repeat: 0.02,
      cancel: 0.03,
      failWorker: 0.03,
      failCaller: 0.02,
      startWorker: 0.09,
      startCaller: 0.07,
      follow: 0.03
    },
    faults: { cut: 0.02, maxDelayMs: 40 }
  },
  link: {
    agents: EVERYBODY,
    callers: 2,
    steps: 80,
    stepMs: 100,
    calmMs: 40_000,
    chances: {
      ask: 0.12,
      repeat: 0.05,
      replay: 0.05,
      cancel: 0.04,
      failWorker: 0.01,
      startWorker: 0.1,
      subscribe: 0.05,
      follow: 0.05
    },
    faults: { cut: 0.02, late: 0.05, twice: 0.1, hang: 0.05, maxDelayMs: 400 }
  },
  clocks: {
    agents: EVERYBODY,
    steps: 80,
    stepMs: 100,
    calmMs: 40_000,
    timeoutMs: 12_000,
    chances: {
      ask: 0.12,
      cancel: 0.02,
      setClock: 0.06,
      failWorker: 0.03,
      failCaller: 0.03,
      startWorker: 0.1,
      startCaller: 0.1,
      subscribe: 0.03
    },
    faults: { cut: 0.01, maxDelayMs: 20 }
  },
  disks: {
    agents: EVERYBODY,
    steps: 60,
    stepMs: 200,
    calmMs: 150_000,
    diskDelayMs: 30,
    chances: {
      ask: 0.15,
      cancel: 0.03,
      fill: 0.04,
      empty: 0.06,
      failWorker: 0.01,
      failCaller: 0.01,
      startWorker: 0.05,
      startCaller: 0.05,
      follow: 0.04
    },
    faults: { maxDelayMs: 20 }
  },
  workers: {
    agents: MOVED,
    workers: 3,
    callers: 2,
    steps: 80,
    stepMs: 100,
    calmMs: 60_000,
    diskDelayMs: 10,
    chances: {
      ask: 0.12,
      repeat: 0.02,
      cancel: 0.04,
      failWorker: 0.05,
      // With its power a caller may lose who has a harmless task, which nobody recalls then.
      killCaller: 0.02,
      startWorker: 0.04,
      startCaller: 0.1,
      follow: 0.03
    },
    faults: { cut: 0.02, late: 0.05, twice: 0.05, hang: 0.05, maxDelayMs: 200 }
  },
  hedges: {
    agents: MOVED,
    workers: 3,
    callers: 2,
    steps: 80,
    stepMs: 100,
    calmMs: 60_000,
    diskDelayMs: 10,
    lateAfterMs: 60,
    chances: {
      ask: 0.15,
      repeat: 0.02,
      cancel: 0.05,
      failWorker: 0.03,
      killCaller: 0.03,
      startWorker: 0.05,
      startCaller: 0.12,
      follow: 0.03
    },
    faults: { cut: 0.02, late: 0.03, twice: 0.05, hang: 0.05, maxDelayMs: 80 }
  },
  forgetting: {
    agents: ['harmless', 'harmful', 'resumable'],
    steps: 70,
    stepMs: 2000,
    calmMs: 30_000,
    engine: { retentionMs: 20_000 },
    mayForget: true,
    chances: {
      ask: 0.1,
      replay: 0.4,
      failWorker: 0.03,
      startWorker: 0.15
    },
    faults: { cut: 0.01, twice: 0.05, maxDelayMs: 40 }
  },
  readers: {
    agents: ['flood', 'harmless'],
    steps: 25,
    stepMs: 100,
    calmMs: 30_000,
    slownessMs: 400,
    chances: { ask: 0.08, subscribe: 0.25, follow: 0.1 },
    faults: { cut: 0.005, maxDelayMs: 10 }
  },
  everything: {
    agents: EVERYBODY,
    callers: 3,
    steps: 80,
    stepMs: 100,
    calmMs: 150_000,
    diskDelayMs: 10,
    timeoutMs: 30_000,
    chances: {
      ask: 0.12,
      repeat: 0.03,
      replay: 0.03,
      cancel: 0.03,
      setClock: 0.02,
      fill: 0.01,
      empty: 0.03,
      failWorker: 0.02,
      failCaller: 0.03,
      startWorker: 0.07,
      startCaller: 0.12,
      subscribe: 0.03,
      follow: 0.03
    },
    faults: { cut: 0.01, late: 0.02, twice: 0.05, hang: 0.02, maxDelayMs: 200 }
  }
} as const satisfies Readonly<Record<string, Storm>>

export type StormName = keyof typeof STORMS
