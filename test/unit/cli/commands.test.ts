/** What each command prints, for eyes and for programs, when the daemon answers well. */
import { expect, test, vi } from 'vitest'
import type { Peer, Status, TaskView } from '../../../client/api.ts'
import type { ControlOperations } from '../../../gateway/control/operations.ts'
import { createTestCli } from '../../support/cli.ts'

const bob: Peer = {
  id: '12D3KooWAbcdefghijkK3Vx9Qpa',
  name: 'bob',
  state: 'connected',
  path: 'direct',
  addresses: ['/ip4/127.0.0.1/tcp/5868'],
  rttMs: 0.42,
  agents: ['calc', 'echo'],
  load: 0.03,
  foundBy: ['same-host']
}

const heron: Peer = {
  id: '12D3KooWAbcdefghijkZt81LmqR',
  name: 'slate-heron',
  state: 'disconnected',
  addresses: [],
  rttMs: null,
  agents: [],
  foundBy: ['mdns', 'remembered'],
  error: {
    code: 'OTHER_SWARM',
    message: 'slate-heron belongs to another swarm',
    hint: 'lumos status'
  }
}

const status: Status = {
  v: 1,
  peerId: '12D3KooWMe',
  name: 'amber-otter',
  version: '0.1.0',
  profile: 'default',
  pid: 4123,
  socket: '/run/lumos.sock',
  swarm: 'home',
  swarmId: 'abc',
  open: false,
  addresses: ['/ip4/127.0.0.1/tcp/5866', '/ip4/192.168.1.5/tcp/5866'],
  gateway: { url: 'http://127.0.0.1:5869', auth: ['token', 'open'] },
  peers: 7,
  agents: 6,
  tasks: { running: 2, completed: 341, failed: 3 },
  asked: { running: 1, completed: 2, failed: 0 },
  uptimeMs: 11_520_000,
  rssBytes: 98_000_000,
  eventLoopDelayMs: 4,
  problems: []
}

test('status is one screen, without a word about problems while there are none', async () => {
  const cli = await createTestCli({ status: async () => status })
  expect(await cli.run(['status'])).toEqual({
    code: 0,
    out: `● amber-otter   up 3h 12m   lumos 0.1.0   profile default   pid 4123
  swarm  home (private)   7 peers   6 agents
  works  2 running, 341 done, 3 failed
  asked  1 running, 2 done, 0 failed
  uses   98 MB of memory   event loop 4 ms late
  http   http://127.0.0.1:5869   tokens, open to this machine
  at     /ip4/127.0.0.1/tcp/5866
         /ip4/192.168.1.5/tcp/5866
`,
    err: ''
  })
})

test('status ends with each problem and its cure', async () => {
  const problems = [{ code: 'CLOCK_SKEW', message: 'the clock is off', hint: 'set it' }]
  const cli = await createTestCli({ status: async () => ({ ...status, problems }) })
  const { out } = await cli.run(['status'])
  expect(out.split('\n').at(-2)).toBe('! the clock is off   try: set it')
})

test('--json prints the document of the daemon and nothing else', async () => {
  const cli = await createTestCli({ status: async () => status })
  const { code, out, err } = await cli.run(['status', '--json'])
  expect({ code, err, document: JSON.parse(out) as unknown }).toEqual({
    code: 0,
    err: '',
    document: status
  })
  expect(out.split('\n')).toHaveLength(2)
})

test('`lumos` alone is the status and a next step while the node runs', async () => {
  const cli = await createTestCli({ status: async () => status })
  const { out, err } = await cli.run([])
  expect(out).toMatch(/^● amber-otter/)
  expect(err).toBe('next: lumos peers   or: lumos help\n')
})

test('`lumos` alone is a welcome of three lines while no node runs', async () => {
  const cli = await createTestCli()
  expect(await cli.run([])).toEqual({
    code: 0,
    out: `Lumos: a peer-to-peer network of AI agents. No node is running.
  lumos demo   see one node do work for another, then clean up
  lumos up     start this node        all commands: lumos help
`,
    err: ''
  })
})

test('peers are a table with whole ids outside a terminal; troubles follow on stderr', async () => {
  const cli = await createTestCli({ peers: async () => ({ v: 1, peers: [bob, heron] }) })
  expect(await cli.run(['peers'])).toEqual({
    code: 0,
    out: `NAME         ID                           STATE            RTT  LOAD  SINCE  FOUND BY         AGENTS
bob          12D3KooWAbcdefghijkK3Vx9Qpa  direct        0.4 ms    3%  -      same-host        calc,echo
slate-heron  12D3KooWAbcdefghijkZt81LmqR  disconnected       -     -  -      mdns,remembered  -
`,
    err: '! slate-heron: slate-heron belongs to another swarm   try: lumos status\n'
  })
})

test('in a terminal the table fits its width', async () => {
  const crowded = { ...bob, agents: ['calc', 'clock', 'echo', 'files', 'summarize', 'sysinfo'] }
  const cli = await createTestCli({ peers: async () => ({ v: 1, peers: [crowded] }) })
  const { out } = await cli.run(['peers'], { columns: 80 })
  expect(out).toBe(`NAME  ID         STATE      RTT  LOAD  SINCE  FOUND BY   AGENTS
bob   …K3Vx9Qpa  direct  0.4 ms    3%  -      same-host  calc,clock,echo,files,…
`)
})

test('no peers is said on stderr, so that a pipe stays empty', async () => {
  const cli = await createTestCli({ peers: async () => ({ v: 1, peers: [] }) })
  expect(await cli.run(['peers'])).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringMatching(/^no peers yet/)
  })
})

test('ping repeats as often as asked, one JSON line each', async () => {
  const cli = await createTestCli({})
  const { out } = await cli.run(['peers', 'ping', 'bob', '-c', '1', '--json'])
  expect(out).toBe('{"v":1,"id":"bob","name":"amber-otter","rttMs":1,"path":"direct"}\n')
})

test('changes of state are announced with their undo', async () => {
  const cli = await createTestCli({ disconnectPeer: async () => ({ v: 1, peer: bob }) })
  expect(await cli.run(['peers', 'disconnect', 'bob'])).toEqual({
    code: 0,
    out: 'disconnected from bob\n',
    err: 'undo: lumos peers connect bob\n'
  })
})

test('nobody found is exit 5, with the document all the same', async () => {
  const asked = { directory: 6, dht: true, tookMs: 12 }
  const cli = await createTestCli({
    find: async (query) => ({ v: 1, query, providers: [], asked })
  })
  expect(await cli.run(['find', 'translate'])).toEqual({
    code: 5,
    out: '',
    err: `0 providers, looked up at 6 known nodes and in the DHT in 12 ms
see who is there: lumos peers; lumos agents
`
  })
  const { code, out } = await cli.run(['find', 'translate', '--json'])
  expect({ code, document: JSON.parse(out) as unknown }).toMatchObject({
    code: 5,
    document: { providers: [] }
  })
})

test('agents can be narrowed to this node or to peers', async () => {
  const agent = { description: 'x', version: '1', skills: [], node: { id: 'p', name: 'bob' } }
  const agents = [
    { ...agent, id: 'here', name: 'here', local: true },
    { ...agent, id: 'there', name: 'there', local: false }
  ]
  const cli = await createTestCli({ agents: async () => ({ v: 1, agents }) })
  const { out: remote } = await cli.run(['agents', 'ls', '--remote'])
  expect(remote).toContain('there')
  expect(remote).not.toContain('here (')
  const { out: local } = await cli.run(['agents', '--local', '--json'])
  expect(JSON.parse(local)).toMatchObject({ agents: [{ id: 'here' }] })
})

test('an agent shows commands to copy', async () => {
  const cli = await createTestCli({})
  const { out } = await cli.run(['agents', 'show', 'echo'])
  expect(out).toContain('  lumos run echo "hello"\n')
})

test('a task is found by the end of its id', async () => {
  const id = '0193b5a0-0000-7000-8000-00007f3a9c1e'
  const asked: string[] = []
  const row: Omit<TaskView, 'artifacts' | 'history'> = {
    id,
    contextId: 'c',
    agent: 'echo',
    state: 'TASK_STATE_COMPLETED',
    outgoing: true,
    caller: { id: 'a', name: 'amber-otter' },
    worker: { id: 'b', name: 'bob' },
    createdAt: '2026-01-02T03:04:05.678Z',
    updatedAt: '2026-01-02T03:04:05.678Z',
    tookMs: 12,
    input: 'hello'
  }
  const cli = await createTestCli({
    tasks: async () => ({ v: 1, tasks: [row], next: '' }),
    cancelTask: async (task) => {
      asked.push(task)
      return { v: 1, task: { ...row, artifacts: [], history: [] } }
    }
  })
  expect(await cli.run(['tasks', 'cancel', '7f3a9c1e'])).toMatchObject({
    code: 0,
    out: 'task …7f3a9c1e is completed\n'
  })
  expect(asked).toEqual([id])
  expect(await cli.run(['tasks', 'cancel', 'ffff'])).toMatchObject({ code: 5 })
})

test('log lines show fields; a hostile one cannot draw on the terminal', async () => {
  const cli = await createTestCli({
    async *logs() {
      yield {
        time: '2026-01-02T03:04:05.678Z',
        level: 'warn',
        component: 'session',
        message: 'peer said \u001b]0;owned\u0007 hello\nworld',
        fields: { peer: 'bob', reason: 'two words' }
      }
    }
  })
  const { out } = await cli.run(['logs'], { columns: 80 })
  expect(out.slice('03:04:05.678 '.length)).toBe(
    'warn  session peer said �]0;owned� hello world peer=bob reason="two words"\n'
  )
})

test('a flag of node flags reaches the node as it was written', async () => {
  const cli = await createTestCli()
  const seen: unknown[] = []
  const argv = ['daemon', '-P', 'two', '--name', 'n', '--listen', '/ip4/1', '--listen', '/ip4/2']
  const { code } = await cli.run([...argv, '--no-mdns', '--ready-fd', '3'], {
    runNode: async (words, env) => {
      seen.push(words, env['LUMOS_PROFILE'])
      return 8
    }
  })
  expect(code).toBe(8)
  const node = ['--name', 'n', '--listen', '/ip4/1', '--listen', '/ip4/2', '--no-mdns']
  expect(seen).toEqual([['daemon', ...node, '--ready-fd', '3'], 'two'])
})

test('peers show tells why a peer is blocked, and what it did', async () => {
  const cli = await createTestCli({})
  const { out } = await cli.run(['peers', 'show', 'amber-otter'])
  expect(out).toContain('role    member')
  expect(out).toContain('quotas  callRate 10,000')
  expect(out).toContain(
    'blocked since 2026-01-02T03:04:05.678Z, until 2026-01-02T03:04:05.678Z: spam'
  )
  expect(out).toContain('2.5 points for what no honest peer does, the last one PROTOCOL_VIOLATION')
})

test('peers block hands on why and how long, and says how to undo it', async () => {
  const blockPeer = vi.fn<ControlOperations['blockPeer']>(async () => ({
    v: 1,
    peer: heron,
    quotas: {}
  }))
  const cli = await createTestCli({ blockPeer })
  const { out, err } = await cli.run(['peers', 'block', 'eve', '--for', '1h', '--reason', 'spam'])
  expect(blockPeer).toHaveBeenCalledWith('eve', { reason: 'spam', forMs: 3_600_000 })
  expect(out).toBe('slate-heron is blocked\n')
  expect(err).toContain('lumos peers unblock slate-heron')
  expect((await cli.run(['peers', 'unblock', 'eve'])).code).toBe(0)
})
