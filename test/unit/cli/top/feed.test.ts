/** What is asked of the node: what is looked at, no more often than it changes, and again when it is back. */
import { expect, onTestFinished, test } from 'vitest'
import type { LogLine } from '../../../../client/api.ts'
import { NO_DATA, type Data } from '../../../../cli/top/data.ts'
import { Feed, type TopSource, type Wants } from '../../../../cli/top/feed.ts'
import { LumosError } from '../../../../core/errors.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import {
  LOGS,
  makePeer,
  makeSample,
  makeStatus,
  makeTask,
  makeVitals,
  SPACES
} from '../../../support/top-states.ts'

const TASKS = Array.from({ length: 1300 }, (_, index) => makeTask(index))

function setup(overrides: Partial<TopSource> = {}) {
  const clock = new ManualClock()
  const asked: string[] = []
  const told = <T>(name: string, answer: T): Promise<T> => {
    asked.push(name)
    return Promise.resolve(answer)
  }
  const source: TopSource = {
    status: () => told('status', makeStatus(2)),
    vitals: ({ since = 0, peers } = {}) =>
      told(`vitals${peers === true ? ' with peers' : ''} since ${since}`, {
        ...makeVitals(2),
        history: makeVitals(2).history.filter(({ seq }) => seq > since)
      }),
    peers: () => told('peers', { v: 1, peers: [makePeer(0), makePeer(1)] }),
    peer: (id) => told(`peer ${id}`, { v: 1, peer: makePeer(0), quotas: {} }),
    agents: () => told('agents', { v: 1, agents: [] }),
    tasks: ({ limit = 0, cursor = '0' } = {}) => {
      const to = Number(cursor) + limit
      const tasks = TASKS.slice(Number(cursor), to)
      return told('tasks', { v: 1, tasks, next: to < TASKS.length ? String(to) : '' })
    },
    task: () => told('task', { v: 1, task: { ...makeTask(0), artifacts: [], history: [] } }),
    async *logs({ follow, level } = {}) {
      asked.push(`logs ${level}`)
      yield* LOGS
      if (follow) await new Promise<never>(() => {})
    },
    memory: { status: () => told('memory', { v: 1, spaces: SPACES }) },
    ...overrides
  }
  let data: Data = NO_DATA
  const feed = new Feed({
    source,
    clock,
    now: () => data,
    apply(change) {
      data = change(data)
    }
  })
  return {
    clock,
    feed,
    data: () => data,
    /** What it asks for in one look. */
    look: async (wants: Partial<Wants> = {}): Promise<readonly string[]> => {
      asked.length = 0
      await feed.collect({ pane: 'peers', open: undefined, level: 'info', whole: false, ...wants })
      return asked.toSorted()
    }
  }
}

test('each pane asks for its own, and vitals only for samples that are new', async () => {
  const { look, data } = setup()
  expect(await look()).toEqual(['peers', 'status', 'vitals with peers since 0'])
  expect(data()).toMatchObject({ status: { name: 'amber-otter' }, history: { length: 60 } })
  expect(await look({ pane: 'agents' })).toEqual(['agents', 'status', 'vitals since 60'])
  expect(await look({ pane: 'memory' })).toEqual(['memory', 'status', 'vitals since 60'])
  expect(await look({ pane: 'tasks' })).toEqual(['status', 'tasks', 'vitals since 60'])
  expect(data()).toMatchObject({
    history: { length: 60 },
    tasks: { length: 200 },
    hasMoreTasks: true
  })
})

test('what changes rarely is asked for rarely, and at once when the node is back', async () => {
  let isUp = true
  const { look, clock, data } = setup({
    status: async () => {
      if (!isUp) throw new LumosError('DAEMON_DOWN', { details: { profile: 'default' } })
      return makeStatus(2)
    }
  })
  await look()
  await clock.advance(1000)
  expect(await look()).not.toContain('peers')
  await clock.advance(2000)
  expect(await look()).toContain('peers')
  isUp = false
  await clock.advance(1000)
  await look()
  expect(data().lost).toMatchObject({ since: 4000, error: { code: 'DAEMON_DOWN' } })
  await clock.advance(1000)
  await look()
  expect(data().lost?.since).toBe(4000)
  expect(data().peers).toHaveLength(2)
  isUp = true
  expect(await look()).toContain('peers')
  expect(data().lost).toBeUndefined()
})

test('samples of a new process take the place of the old ones', async () => {
  let instance = 'one'
  const { look, data } = setup({
    vitals: async ({ since = 0 } = {}) => {
      const length = instance === 'one' ? 60 : 2
      const history = Array.from({ length }, (_, index) => makeSample(index + 1, 2))
      return { ...makeVitals(2), instance, history: history.filter(({ seq }) => seq > since) }
    }
  })
  await look()
  instance = 'two'
  await look()
  expect(data().history.map(({ seq }) => seq)).toEqual([1, 2])
})

test('a node without vitals is one that is old; any other failure is shown and what was known stays', async () => {
  const old = setup({ vitals: () => Promise.reject(new LumosError('ROUTE_UNKNOWN')) })
  await old.look()
  expect(old.data()).toMatchObject({ vitals: null, failures: {}, peers: { length: 2 } })
  let fails = false
  const ill = setup({
    peers: async () => {
      if (fails) throw new LumosError('OVERLOADED')
      return { v: 1, peers: [makePeer(0)] }
    }
  })
  await ill.look()
  fails = true
  await ill.clock.advance(3000)
  await ill.look()
  expect(ill.data()).toMatchObject({
    failures: { peers: { code: 'OVERLOADED' } },
    peers: { length: 1 }
  })
  fails = false
  await ill.look()
  expect(ill.data().failures).toEqual({})
})

function ofTasks(asked: readonly string[]): number {
  return asked.filter((name) => name === 'tasks').length
}

test('old tasks are read when they are wanted, all at first and then a page at a time', async () => {
  const { look, data } = setup()
  expect(ofTasks(await look({ pane: 'tasks' }))).toBe(1)
  expect(ofTasks(await look({ pane: 'tasks', whole: true }))).toBe(4)
  expect(data()).toMatchObject({ tasks: { length: 1300 }, hasMoreTasks: false })
  expect(ofTasks(await look({ pane: 'tasks', whole: true }))).toBe(2)
  expect(data().tasks).toHaveLength(1300)
  await look({ pane: 'tasks' })
  expect(data()).toMatchObject({ tasks: { length: 200 }, hasMoreTasks: true })
})

test('details of a row are asked for while it is open', async () => {
  const { look, data } = setup()
  const { id } = makePeer(0)
  expect(await look({ open: id })).toContain(`peer ${id}`)
  expect(data().peer?.peer.id).toBe(id)
  expect(await look({ pane: 'tasks', open: makeTask(0).id })).toContain('task')
})

test('the log is followed while it is looked at, from the beginning for another level', async () => {
  const { look, clock, data, feed } = setup()
  onTestFinished(() => feed.close())
  expect(await look({ pane: 'logs' })).toContain('logs info')
  await clock.advance(100)
  expect(data().logs).toHaveLength(LOGS.length)
  expect(await look({ pane: 'logs' })).not.toContain('logs info')
  expect(await look({ pane: 'logs', level: 'warn' })).toContain('logs warn')
  await clock.advance(100)
  expect(data().logs).toHaveLength(LOGS.length)
  expect(await look({ pane: 'peers' })).not.toContain('logs warn')
  expect(await look({ pane: 'logs', level: 'warn' })).toContain('logs warn')
})

test('a log that ends is opened again with the next look', async () => {
  const lines: readonly LogLine[] = LOGS.slice(0, 2)
  let opened = 0
  const { look, clock, feed, data } = setup({
    async *logs() {
      opened += 1
      yield* lines
      throw new LumosError('DAEMON_STOPPED')
    }
  })
  onTestFinished(() => feed.close())
  await look({ pane: 'logs' })
  await clock.advance(100)
  expect(data().failures.logs?.code).toBe('DAEMON_STOPPED')
  await look({ pane: 'logs' })
  expect(opened).toBe(2)
})

test('nothing is running any more once it is closed', async () => {
  const { look, clock, feed } = setup()
  await look({ pane: 'memory' })
  await look({ pane: 'logs' })
  await feed.close()
  await clock.advance(10_000)
  expect(clock.pending).toBe(0)
})
