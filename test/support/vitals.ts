/** A document of vital signs that has all its fields. */
import type { TaskVitals, Vitals, VitalsSample } from '../../client/vitals-api.ts'

const tasks: TaskVitals = {
  started: 2.5,
  completed: 2,
  failed: 0.5,
  running: 3,
  queued: 1,
  p50Ms: 12.5,
  p95Ms: null,
  errorRate: 0.2
}

const VITALS_SAMPLE: VitalsSample = {
  seq: 7,
  at: '2026-01-02T03:04:05.678Z',
  overMs: 1000,
  cpu: 0.12,
  rssBytes: 120_000_000,
  heapBytes: 40_000_000,
  loopP99Ms: 1.5,
  loopMaxMs: 12,
  bytesIn: 1024,
  bytesOut: 2048.5,
  tasksIn: tasks,
  tasksOut: tasks,
  gossip: 4,
  gossipDuplicates: 1,
  memoryWrites: 0.2,
  sessions: 1,
  connections: { direct: 1, relay: 0 }
}

export const VITALS: Vitals = {
  v: 1,
  instance: 'ab12',
  uptimeMs: 60_000,
  now: VITALS_SAMPLE,
  history: [VITALS_SAMPLE],
  peers: [
    {
      id: '12D3KooWPeer',
      name: 'amber-otter',
      path: 'direct',
      rttMs: null,
      bytesIn: 512,
      bytesOut: 128,
      load: 0.5,
      running: 1,
      queued: 0,
      serving: 2,
      donePerMinute: 30,
      failedPerMinute: 1,
      p50Ms: 8,
      p95Ms: 20
    }
  ]
}
