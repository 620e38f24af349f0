/** The sampler: seldom by itself, every second for who watches, rates over the time that passed, no more than so many. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import {
  createVitalSigns,
  USUAL_MS,
  WATCH_ENDS_MS,
  WATCHED_MS
} from '../../../../node/metrics/vital-signs.ts'
import type { Reading } from '../../../../node/metrics/vital-signs.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const tasks = {
  completed: 0,
  failed: 0,
  running: 0,
  queued: 0,
  minute: { done: 0, failed: 0, p50Ms: null, p95Ms: null }
}
const READING: Reading = {
  cpuMs: 0,
  rssBytes: 1,
  heapBytes: 1,
  loop: { p99Ms: 0, maxMs: 0 },
  bytesIn: 0,
  bytesOut: 0,
  tasksIn: tasks,
  tasksOut: tasks,
  gossip: 0,
  gossipDuplicates: 0,
  memoryWrites: 0,
  sessions: 0,
  connections: { direct: 0, relay: 0 }
}

async function setup() {
  const clock = new ManualClock()
  const node = { ...READING }
  const signs = createVitalSigns({ clock, read: () => ({ ...node }) })
  await signs.start()
  return { clock, node, signs }
}

test('nobody watches: it looks every five seconds', async () => {
  const { clock, signs } = await setup()
  await clock.advance(3 * USUAL_MS)
  expect(signs.since(0).map(({ overMs }) => overMs)).toEqual([USUAL_MS, USUAL_MS, USUAL_MS])
  await signs.stop()
  expect(clock.pending).toBe(0)
})

test('who asks is shown what is, and looked for every second until nobody has asked for ten', async () => {
  const { clock, signs } = await setup()
  await clock.advance(USUAL_MS + 2500)
  expect(signs.look()).toMatchObject({ seq: 2, overMs: 2500 })
  expect(signs.look().seq).toBe(2)
  await clock.advance(WATCH_ENDS_MS)
  const seen = signs.since(2)
  expect(seen.map(({ overMs }) => overMs)).toEqual(seen.map(() => WATCHED_MS))
  expect(seen).toHaveLength(WATCH_ENDS_MS / WATCHED_MS)
  await clock.advance(USUAL_MS)
  expect(signs.since(0).at(-1)?.overMs).toBe(USUAL_MS)
  await signs.stop()
})

test('rates are over the time that passed, and never below zero', async () => {
  const { clock, node, signs } = await setup()
  Object.assign(node, {
    cpuMs: 1000,
    bytesIn: 4000,
    tasksOut: {
      ...tasks,
      completed: 6,
      failed: 2,
      running: 4,
      minute: { ...tasks.minute, done: 8, failed: 2 }
    }
  })
  await clock.advance(2000)
  expect(signs.look()).toMatchObject({
    cpu: 0.5,
    bytesIn: 2000,
    tasksOut: { started: 6, completed: 3, failed: 1, running: 4, errorRate: 0.25 }
  })
  Object.assign(node, { bytesIn: 10, tasksOut: tasks })
  await clock.advance(1000)
  expect(signs.look()).toMatchObject({ bytesIn: 0, tasksOut: { started: 0, completed: 0 } })
  await signs.stop()
})

test('the oldest go when there are too many, and one with a number of another process gets all', async () => {
  const { clock, signs } = await setup()
  const most = LIMITS.vitalsSamples.value
  await clock.advance((most + 7) * USUAL_MS)
  const all = signs.since(0)
  expect(all).toHaveLength(most)
  expect(all[0]?.seq).toBe(8)
  expect(signs.since(most + 6).map(({ seq }) => seq)).toEqual([most + 7])
  expect(signs.since(most + 8)).toHaveLength(most)
  await signs.stop()
})
