/** `lumos mesh` and `lumos peers trace`, against a node that answers what the test wants. */
import { expect, test } from 'vitest'
import { createTestCli } from '../../support/cli.ts'
import { fakeMesh, MESH_DHT, MESH_GRAPH, PEER_TRACE } from '../../support/mesh-operations.ts'

test('draws the mesh, and says what is not sure and who is silent', async () => {
  const cli = await createTestCli({})
  const { code, out, err } = await cli.run(['mesh'])
  expect(code).toBe(0)
  expect(out).toBe('oak ──0.4── birch ╌╌╌╌ elm (relay via oak)\n')
  expect(err).toBe(
    '3 nodes, 2 links, diameter 2, 2 left out · round trips in ms · --format mermaid|dot|json\n' +
      'dashed: one end alone says so\n' +
      '1 peer did not tell: older, busy or hung\n'
  )
})

test('the same as a document, for Graphviz and for Mermaid', async () => {
  const cli = await createTestCli({})
  const json = await cli.run(['mesh', 'graph', '--format', 'json'])
  expect(JSON.parse(json.out)).toEqual(MESH_GRAPH)
  expect((await cli.run(['mesh', '--json'])).out).toBe(json.out)
  expect((await cli.run(['mesh', '--format', 'dot'])).out).toMatch(/^graph lumos \{\n[^]*\n\}\n$/)
  expect((await cli.run(['mesh', '--format', 'mermaid'])).out).toMatch(/^flowchart LR\n/)
  expect(await cli.run(['mesh', '--format', 'svg'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('ascii, dot, mermaid, json')
  })
})

test('lists how peers are reached', async () => {
  const cli = await createTestCli({})
  const { out, err } = await cli.run(['mesh', 'routes'])
  const [head, birch, elm] = out.split('\n')
  expect(head).toMatch(/^NODE +PATH +HOPS +NEXT +RTT +FOUND BY +OVER +ADDRESS$/)
  expect(birch).toMatch(
    /^birch +relay +2 +itself +38 ms +exchange,dht +relay\/pnet\/noise\/yamux +\/ip4/
  )
  expect(elm).toMatch(/^elm +disconnected +- +- +- +mdns +- +cannot reach elm$/)
  expect(err).toContain('0 direct ways, 1 by relay')
})

test('lists topics, and says when nobody listens', async () => {
  const topics = [
    { topic: '/lumos/s/1', purpose: 'lab', subscribers: 0, meshPeers: [], messages: 0, overMs: 0 },
    {
      topic: '/lumos/s/2',
      purpose: '',
      subscribers: 2,
      meshPeers: [{ id: 'x'.repeat(20), name: '' }],
      messages: 25,
      overMs: 10_000
    }
  ]
  const mesh = fakeMesh({ topics: async () => ({ v: 1, peers: 2, topics }) })
  const cli = await createTestCli({ mesh })
  const { out, err } = await cli.run(['mesh', 'topics'])
  expect(out).toMatch(
    /^ABOUT +SUBSCRIBERS +MESH +WITH +MSG\/S +TOPIC\nlab +0 +0 +- +0\.0 +\/lumos\/s\/1\n/
  )
  expect(out).toMatch(/\n\? +2 +1 +…xxxxxxxx +2\.5 +\/lumos\/s\/2\n$/)
  expect(err).toContain('! nobody listens to lab; what you write there stays local')
})

test('shows the part of the DHT that is here, and searches only if it may', async () => {
  const asked: boolean[] = []
  const mesh = fakeMesh({
    dht: async (lookup) => {
      asked.push(lookup)
      return lookup ? MESH_DHT : { ...MESH_DHT, lookup: null }
    }
  })
  const cli = await createTestCli({ mesh })
  expect(`\n${(await cli.run(['mesh', 'dht'])).out}`).toBe(`
mode      server, answers lookups of others
protocol  /lumos/kad/1.0.0
table     3 peers in 2 buckets
          0 bits shared ▪▪ 2
          1 bits shared ▪ 1
records   12 kept for others, 5 of its own
announced 5 skills, 1m 1s ago; 1 failed and are tried again
lookup    3 peers in 180 ms
`)
  expect((await cli.run(['mesh', 'dht', '--no-lookup'])).out).not.toContain('lookup  ')
  expect(asked).toEqual([true, false])
})

test('traces the way to a peer', async () => {
  const cli = await createTestCli({})
  const { out } = await cli.run(['peers', 'trace', 'elm'])
  expect(`\n${out}`).toBe(`
1  oak → birch   direct  tcp/pnet/noise/yamux    0.4 ms
2  birch → elm   relay                            37 ms   hole punch: tried 3x, failed: no answer in time
   the whole way there and back: 38 ms
found by: dht · failed 2x in a row, next in 1.5 s
addresses:
   /ip4/192.168.1.9/tcp/5866   no answer in time
   /ip4/203.0.113.7/tcp/5866   untried
`)
  const json = await cli.run(['peers', 'trace', 'elm', '--json'])
  expect(JSON.parse(json.out)).toEqual(PEER_TRACE)
})

test('traces a peer that cannot be reached', async () => {
  const { error } = PEER_TRACE
  const mesh = fakeMesh({
    trace: async () => ({
      v: 1,
      id: 'x'.repeat(20),
      name: '',
      state: 'disconnected',
      hops: [],
      rttMs: null,
      foundBy: [],
      addresses: [],
      attempts: 0,
      retryInMs: null,
      ...(error && { error })
    })
  })
  const cli = await createTestCli({ mesh })
  expect(await cli.run(['peers', 'trace', 'x'])).toEqual({
    code: 0,
    out: '…xxxxxxxx   disconnected: cannot reach elm\nfound by: nobody\nno address is known\n',
    err: 'try: lumos doctor\n'
  })
})
