/** `lumos bench --peer` against a node that answers what the test wants, and what it prints. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunEvent, RunRequest } from '../../../../client/api.ts'
import { reportLines } from '../../../../cli/bench/report.ts'
import type { Report } from '../../../../cli/bench/report.ts'
import { createStyle } from '../../../../cli/style.ts'
import { LumosError } from '../../../../core/errors.ts'
import { createTestCli } from '../../../support/cli.ts'
import { fakeMemory } from '../../../support/memory-operations.ts'

const REPORT: Report = {
  v: 1,
  kind: 'task',
  spawned: 3,
  callers: 16,
  sizeBytes: 128,
  tookMs: 10_000,
  done: 34_120,
  refused: 0,
  failed: 0,
  errors: {},
  rate: 3412.04,
  bytesPerSecond: 873_000,
  latency: { p50Ms: 4.1, p95Ms: 9.8, p99Ms: 17.2, maxMs: 40 },
  byNode: [
    { name: 'n1', rate: 1140 },
    { name: 'n2', rate: 1131 },
    { name: 'n3', rate: 1141 }
  ],
  fairness: 0.9999,
  use: [
    { name: 'n1', cpu: 0.6, rssBytes: 96_000_000 },
    { name: 'n2', cpu: 0.6, rssBytes: 96_000_000 },
    { name: 'n3', cpu: 0.67, rssBytes: 96_000_000 }
  ]
}

function lines(report: Partial<Report> = {}): string {
  return `\n${reportLines({ ...REPORT, ...report }, createStyle(false)).join('\n')}\n`
}

test('a report has rate, latencies, shares and what the nodes used', () => {
  expect(lines()).toBe(`
delegated  3,412/s   873 kB/s   p50 4.1 ms  p95 9.8 ms  p99 17 ms   errors 0
by node    n1 1,140/s  n2 1,131/s  n3 1,141/s   fairness 1.00
nodes      cpu 187%   rss 96 MB/node
`)
})

test('errors are named, refusals are no errors, and what is not there is not shown', () => {
  const latency = { p50Ms: null, p95Ms: null, p99Ms: null, maxMs: 0 }
  const bare = { latency, byNode: [], use: [], rate: 0, bytesPerSecond: 0 }
  expect(lines({ ...bare, failed: 3, errors: { TIMED_OUT: 3 }, refused: 7 })).toBe(
    '\ndelegated  0/s   errors 3 (TIMED_OUT 3)   refused 7\n'
  )
  expect(lines({ ...bare, kind: 'memory', spreadMs: 51 })).toBe(
    '\nwritten    0/s   errors 0\nspread     last write on all nodes after 51 ms\n'
  )
})

function result(state: 'TASK_STATE_COMPLETED' | 'TASK_STATE_FAILED'): RunEvent {
  return {
    v: 1,
    seq: 0,
    type: 'result',
    task: { id: 'task-1', state, artifacts: [] },
    worker: { id: '12D3KooWPeer', name: 'amber-otter' },
    tookMs: 1,
    firstEventMs: 1
  }
}

test('tasks go to the peer that was named, and are forgotten here', async () => {
  const orders: RunRequest[] = []
  const removed: string[] = []
  const cli = await createTestCli({
    async *run(order) {
      orders.push(order)
      const error = { code: 'OVERLOADED', message: 'busy' }
      if (orders.length === 1) yield { v: 1, seq: 0, type: 'retry', error, atMs: 1 }
      yield result('TASK_STATE_COMPLETED')
    },
    removeTask: async (id) => {
      removed.push(id)
      throw new LumosError('TASK_NOT_FOUND')
    }
  })
  const csv = join(cli.home, 'out.csv')
  const argv = ['bench', 'task', '--peer', 'amber-otter', '-c', '2', '-d', '100ms', '--json']
  const { code, out } = await cli.run([...argv, '--csv', csv, '--size', '10'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    kind: 'task',
    spawned: 0,
    peer: 'amber-otter',
    sizeBytes: 10,
    failed: 0,
    refused: 1,
    done: orders.length
  })
  expect(orders[0]).toMatchObject({ target: 'echo', text: 'lumos lumo', where: 'remote' })
  expect(new Set(orders.map(({ to }) => to)).size).toBe(1)
  expect(removed).toHaveLength(orders.length)
  expect(await readFile(csv, 'utf8')).toMatch(/^kind,second,done/)
})

test('a task that fails makes the bench fail, with what it was', async () => {
  const cli = await createTestCli({
    async *run() {
      yield result('TASK_STATE_FAILED')
    }
  })
  const { code, out } = await cli.run(['bench', 'task', '--peer', 'x', '-c', '1', '-d', '50ms'])
  expect(code).toBe(1)
  expect(out).toMatch(/errors \d+ \(TASK_FAILED \d+\)/)
})

test('writes to memory expire by themselves, and are removed at the end', async () => {
  const facts = new Map<string, number | undefined>()
  const base = fakeMemory()
  const memory = fakeMemory({
    async put(space, { key, ttlMs }) {
      facts.set(key, ttlMs)
      return base.get(space, key)
    },
    async remove(space, key) {
      facts.delete(key)
      return { v: 1, space, key }
    },
    async list(space, { prefix = '' }) {
      const fact = await base.get(space, 'x')
      const keys = [...facts.keys()].filter((key) => key.startsWith(prefix)).slice(0, 100)
      return { v: 1, space, facts: keys.map((key) => ({ ...fact, key })), next: '' }
    }
  })
  let most = 0
  const cli = await createTestCli({
    memory: {
      ...memory,
      async put(...args) {
        const put = await memory.put(...args)
        most = Math.max(most, facts.size)
        for (const ttlMs of facts.values()) expect(ttlMs).toBeGreaterThan(50)
        return put
      }
    }
  })
  const { code } = await cli.run(['bench', 'memory', '--peer', 'x', '-c', '2', '-d', '50ms'])
  expect({ code, left: facts.size }).toEqual({ code: 0, left: 0 })
  expect(most).toBeGreaterThan(0)
})

test.for([
  [['--peer', 'x', '--spawn', '2'], 'either --peer or --spawn'],
  [['--spawn', '1'], 'from 2 on'],
  [['--spawn', '99'], '--spawn is 16 at most'],
  [['-c', '1000'], '--callers is 128 at most'],
  [['-d', 'soon'], 'no duration'],
  [['--size', '9999999'], '--size is 1048576 at most']
] as const)('bench %j is no order', async ([flags, reason]) => {
  const cli = await createTestCli()
  const { code, err } = await cli.run(['bench', 'task', ...flags])
  expect(code).toBe(2)
  expect(err).toContain(reason)
})
