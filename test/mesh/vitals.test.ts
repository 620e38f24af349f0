/** Vital signs of real nodes: bytes on the wire, tasks both ways, and what is known of each peer. */
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createClient } from '../../client/client.ts'
import type { Vitals } from '../../client/vitals-api.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { PATIENCE } from '../support/patience.ts'

const echo = testAgent('loud-echo', async function* ({ text }) {
  if (text === 'fail') throw new Error('as asked')
  yield text.toUpperCase()
})
const TASKS = ['one', 'two', 'fail', 'three']

let worker: HttpNode
let caller: HttpNode
let asked: Vitals
let worked: Vitals

async function vitalsOf(node: HttpNode): Promise<Vitals> {
  const client = createClient({ url: node.url, token: await node.token(['control/read']) })
  return client.vitals()
}

beforeAll(async () => {
  ;[worker, caller] = await Promise.all([startHttpNode([echo]), startHttpNode()])
  const [address] = worker.assembly.wire.network.addresses()
  await caller.assembly.wire.network.libp2p.dial(multiaddr(address ?? ''))
  await caller.assembly.wire.sessions.connect(worker.assembly.wire.identity.peer)
  const client = createClient({ url: caller.url, token: await caller.token() })
  await vi.waitFor(async () => {
    expect((await client.find('loud-echo')).providers).toHaveLength(1)
  }, PATIENCE)
  for (const text of TASKS) await Array.fromAsync(client.run({ target: '@loud-echo', text }))
  asked = await vitalsOf(caller)
  worked = await vitalsOf(worker)
})

afterAll(() => Promise.all([worker.stop(), caller.stop()]))

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
  const token = await caller.token(['control/read'])
  const client = createClient({ url: caller.url, token })
  const { now, instance } = await client.vitals({ peers: false })
  const next = await client.vitals({ since: now.seq, peers: false })
  expect(next).toMatchObject({ instance, peers: [] })
  expect(next.history.every(({ seq }) => seq > now.seq)).toBe(true)
  // A number of another process.
  expect((await client.vitals({ since: 1_000_000 })).history.length).toBeGreaterThan(0)
})
