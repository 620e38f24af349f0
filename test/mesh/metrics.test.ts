/** Metrics and vital signs of two busy nodes, and whether the dashboard and the alerts ask for what there is. */
import { readFileSync } from 'node:fs'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { createClient } from '../../client/client.ts'
import type { HttpClient } from '../../client/client.ts'
import type { Vitals } from '../../client/vitals-api.ts'
import { METRICS } from '../../node/metrics/catalogue.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { PATIENCE } from '../support/patience.ts'
import { parsePrometheus, selectorsIn } from '../support/prometheus-text.ts'
import type { ParsedMetric } from '../support/prometheus-text.ts'

const echo = testAgent('loud-echo', async function* ({ text }) {
  if (text === 'fail') throw new Error('as asked')
  yield text.toUpperCase()
})
const TASKS = ['one', 'two', 'fail', 'three']

let worker: HttpNode
let caller: HttpNode
let reader: HttpClient
let asked: Vitals
let worked: Vitals
let scrapes: Map<string, ParsedMetric>[]

async function readerOf(node: HttpNode): Promise<HttpClient> {
  return createClient({ url: node.url, token: await node.token(['control/read']) })
}

beforeAll(async () => {
  ;[worker, caller] = await Promise.all([
    startHttpNode([echo], { metrics: { libp2p: true } }),
    startHttpNode([], { metrics: { public: true } })
  ])
  const [address] = worker.assembly.wire.network.addresses()
  await caller.assembly.wire.network.libp2p.dial(multiaddr(address ?? ''))
  await caller.assembly.wire.sessions.connect(worker.assembly.wire.identity.peer)
  const client = createClient({ url: caller.url, token: await caller.token() })
  await vi.waitFor(async () => {
    if ((await client.find('loud-echo')).providers.length === 0) throw new Error('not found yet')
  }, PATIENCE)
  for (const text of TASKS) await Array.fromAsync(client.run({ target: '@loud-echo', text }))
  await caller.assembly.memoryFor().space('shared').put('a', 1)
  await fetch(`${worker.url}/v1/status`, { headers: { authorization: 'Bearer wrong' } })
  reader = await readerOf(caller)
  asked = await reader.vitals()
  worked = await (await readerOf(worker)).vitals()
  await vi.waitFor(async () => {
    scrapes = [
      parsePrometheus(await reader.metrics()),
      parsePrometheus(await (await readerOf(worker)).metrics())
    ]
    // The first heartbeat comes a moment after the peers have met.
    if (!scrapes.some((scrape) => scrape.has(ROUND_TRIP))) throw new Error('no heartbeat yet')
  }, PATIENCE)
})

const ROUND_TRIP = 'lumos_session_round_trip_seconds'

afterAll(() => Promise.all([worker.stop(), caller.stop()]))

function valueOf(scrape: ParsedMetric | undefined, labels: Record<string, string>): number {
  const found = scrape?.samples.filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  )
  return (found ?? []).reduce((sum, { value }) => sum + value, 0)
}

test('what was done is counted at both ends, by skill or agent and outcome', () => {
  const [asking, working] = scrapes
  for (const [scrape, role] of [
    [asking, 'caller'],
    [working, 'worker']
  ] as const) {
    const tasks = scrape?.get('lumos_tasks_total')
    const labels = { role, agent: 'loud-echo' }
    expect(valueOf(tasks, { ...labels, outcome: 'completed' })).toBe(3)
    expect(valueOf(tasks, { ...labels, outcome: 'failed' })).toBe(1)
  }
  expect(valueOf(asking?.get('lumos_task_failures_total'), { code: 'AGENT_FAILED' })).toBe(1)
  expect(valueOf(asking?.get('lumos_memory_changes_total'), {})).toBeGreaterThan(0)
  expect(valueOf(working?.get('lumos_http_refusals_total'), {})).toBe(1)
})

test('two nodes of one process count for themselves', () => {
  const [asking, working] = scrapes
  expect(valueOf(asking?.get('lumos_tasks_total'), { role: 'worker' })).toBe(0)
  expect(valueOf(working?.get('lumos_tasks_total'), { role: 'caller' })).toBe(0)
})

test('every metric that is told stands in the catalogue, with its labels and its kind', () => {
  const known = new Map<string, readonly unknown[]>(
    Object.values(METRICS).flatMap((area) =>
      Object.values(area).map(({ name, kind, labels }) => [name, [kind, ...labels]] as const)
    )
  )
  const told = [...(scrapes[0]?.values() ?? [])].flatMap(({ name, type, samples }) =>
    samples.map(({ labels }) => {
      const names = Object.keys(labels).filter((label) => label !== 'le')
      return [name, [type, ...names]] as const
    })
  )
  expect(told).toEqual(told.map(([name]) => [name, known.get(name)]))
})

function ofLibp2p(scrape: Map<string, ParsedMetric> | undefined): string[] {
  return [...(scrape?.keys() ?? [])].filter((name) => name.startsWith('libp2p_'))
}

test('what libp2p measures of itself is told where that is wanted', () => {
  expect(ofLibp2p(scrapes[1]).length).toBeGreaterThan(10)
  expect(ofLibp2p(scrapes[0])).toEqual([])
})

/** Added by the scraper, or by a panel. */
const FROM_OUTSIDE = new Set(['instance', 'job', 'le'])

function expressions(): string[] {
  const dashboard = readFileSync('docs/grafana/lumos-dashboard.json', 'utf8')
  const alerts = readFileSync('docs/grafana/lumos-alerts.yaml', 'utf8')
  const panels = [...dashboard.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)]
  const { groups } = parse(alerts)
  return [
    ...panels.map(([, text = '""']) => String(JSON.parse(text))),
    ...groups[0].rules.map(({ expr }: { expr: string }) => expr)
  ]
}

test('the dashboard and the alerts ask for metrics and labels that a busy node has', () => {
  const asks = expressions().flatMap(selectorsIn)
  expect(asks.length).toBeGreaterThan(60)
  const missing = asks.flatMap(({ metric, labels }) => {
    const told = scrapes.flatMap(
      (scrape) => scrape.get(metric.replace(/_bucket$/, ''))?.samples ?? []
    )
    const without = labels.filter(
      (label) => !FROM_OUTSIDE.has(label) && !told.some((sample) => label in sample.labels)
    )
    return told.length === 0 ? [metric] : without.map((label) => `${metric}{${label}}`)
  })
  expect(missing).toEqual([])
})

test('every alert says what it means and what to do, here and in docs/operations.md', () => {
  const alerts = parse(readFileSync('docs/grafana/lumos-alerts.yaml', 'utf8'))
  const operations = readFileSync('docs/operations.md', 'utf8')
  const { rules } = alerts.groups[0]
  expect(rules.length).toBeGreaterThanOrEqual(12)
  for (const { alert, annotations } of rules) {
    expect(annotations).toMatchObject({
      summary: expect.any(String),
      description: expect.any(String),
      action: expect.any(String)
    })
    expect(operations).toContain(`\`${alert}\``)
  }
})

test('metrics need a token, unless they are public and one comes from this machine', async () => {
  expect((await fetch(`${worker.url}/metrics`)).status).toBe(401)
  const token = await worker.token(['task/send'])
  const headers = { authorization: `Bearer ${token}` }
  expect((await fetch(`${worker.url}/metrics`, { headers })).status).toBe(403)
  const open = await fetch(`${caller.url}/metrics`)
  expect(open.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(parsePrometheus(await open.text()).has('lumos_node_info')).toBe(true)
})

/** How many there were, by the rate and the time of the sample. */
function countOf(rate: number, { now }: Vitals): number {
  return Math.round((rate * now.overMs) / 1000)
}

test('tasks count where they were asked for, and where they were worked on', () => {
  for (const [vitals, tasks] of [
    [asked, asked.now.tasksOut],
    [worked, worked.now.tasksIn]
  ] as const) {
    expect(countOf(tasks.started, vitals)).toBe(4)
    expect(countOf(tasks.completed, vitals)).toBe(3)
    expect(countOf(tasks.failed, vitals)).toBe(1)
    expect(tasks).toMatchObject({ running: 0, queued: 0, errorRate: 0.25 })
    expect(tasks.p95Ms).toBeGreaterThan(0)
  }
  expect(asked.now.tasksIn).toMatchObject({ started: 0, errorRate: 0, p50Ms: null })
})

test('of a peer it is known what it did for this node, and what it has here', () => {
  expect(asked.peers).toMatchObject([
    {
      id: worker.assembly.wire.identity.peer,
      name: worker.assembly.wire.name,
      path: 'direct',
      running: 0,
      queued: 0,
      serving: 0,
      donePerMinute: 4,
      failedPerMinute: 1
    }
  ])
  expect(worked.peers).toMatchObject([{ donePerMinute: 0, p50Ms: null }])
})

test('the bytes are those of the wire: what one sends the other receives', () => {
  const sent = caller.assembly.wire.meters.traffic
  const received = worker.assembly.wire.meters.traffic
  const self = caller.assembly.wire.identity.peer
  const { total, ofPeer } = {
    total: sent.total(),
    ofPeer: sent.ofPeer(worker.assembly.wire.identity.peer)
  }
  expect(total.out).toBeGreaterThan(1000)
  expect(ofPeer.out).toBeGreaterThan(1000)
  expect(received.ofPeer(self).in).toBeGreaterThan(1000)
  expect(asked.now.bytesOut).toBeGreaterThan(0)
  expect(asked.now).toMatchObject({ sessions: 1, connections: { direct: 1, relay: 0 } })
})

test('only what is new is told to one who has the rest, and peers only to those who want them', async () => {
  const { now, instance } = await reader.vitals({ peers: false })
  const next = await reader.vitals({ since: now.seq, peers: false })
  expect(next).toMatchObject({ instance, peers: [] })
  expect(next.history.every(({ seq }) => seq > now.seq)).toBe(true)
  // A number of another process.
  expect((await reader.vitals({ since: 1_000_000 })).history.length).toBeGreaterThan(0)
})
