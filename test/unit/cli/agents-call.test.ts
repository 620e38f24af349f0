/** `lumos agents call`: an agent as a function; and switching agents on and off. */
import { expect, test } from 'vitest'
import type { RunRequest } from '../../../client/api.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeOperations, lines } from '../../support/control-operations.ts'
import { events, result, routed, type Unnumbered } from '../../support/run-events.ts'

function given(
  parts: readonly object[],
  state = 'TASK_STATE_COMPLETED',
  more: object = {}
): Unnumbered {
  return result(state, {
    task: { id: 't', state, artifacts: [{ artifactId: 'result', parts }] },
    ...more
  })
}

function setup(list: readonly Unnumbered[] = [routed, given([{ data: { high: 21 } }])]) {
  const requests: RunRequest[] = []
  const cli = createTestCli({
    async agents() {
      const [agent] = (await fakeOperations().agents()).agents
      if (agent === undefined) throw new Error('no agent')
      const [skill] = agent.skills
      const skills = ['files.read', 'write', 'a.b'].map((id) => ({ ...skill, id }) as never)
      return { v: 1, agents: [{ ...agent, id: 'files', skills }], disabled: ['clock'] }
    },
    run(request) {
      requests.push(request)
      return lines(events(list))
    }
  })
  return { requests, cli }
}

test('prints the data of the result alone', async () => {
  const { cli } = setup()
  expect(await (await cli).run(['agents', 'call', 'files', '{"path":"a"}'])).toEqual({
    code: 0,
    out: '{"high":21}\n',
    err: ''
  })
})

test('for a person the data is easy to read', async () => {
  const { cli } = setup()
  const terminal = { columns: 80, env: { TERM: 'dumb' } }
  const { out } = await (await cli).run(['agents', 'call', 'files', '{}'], terminal)
  expect(out).toBe('{\n  "high": 21\n}\n')
})

test.for([
  [[{ text: 'one ' }, { text: 'two' }], 'one two\n'],
  [[{ text: 'beside' }, { data: 7 }], '7\n'],
  [[{ data: 1 }, { data: [2] }], '[1,[2]]\n'],
  [[{ url: 'https://x.example' }], 'https://x.example\n'],
  [[], '']
] as const)('a result of %j is printed as %j', async ([parts, out]) => {
  const { cli } = setup([given(parts)])
  expect(await (await cli).run(['agents', 'call', 'files', 'x'])).toMatchObject({ code: 0, out })
})

test.for([
  [['files', '{"a": 1}'], { target: 'files', text: '', data: { a: 1 } }],
  [['files', '[1]'], { target: 'files', text: '', data: [1] }],
  [['files', '42'], { target: 'files', text: '42' }],
  [['files', '{not', 'json}'], { target: 'files', text: '{not json}' }],
  [['files.read', 'x'], { target: 'files', skill: 'files.read', text: 'x' }],
  [['files.write', 'x'], { target: 'files', skill: 'write', text: 'x' }],
  [['files.a.b', 'x'], { target: 'files', skill: 'a.b', text: 'x' }],
  [['files.write@bob', 'x'], { target: '@files@bob', skill: 'write', text: 'x' }],
  [['write', 'x'], { target: 'write', skill: 'write', text: 'x' }],
  [['files', 'x', '--to', 'bob'], { target: 'files', to: 'bob', text: 'x' }]
] as const)('%j asks for %j', async ([words, wanted]) => {
  const { cli, requests } = setup()
  await (await cli).run(['agents', 'call', ...words])
  expect(requests).toEqual([{ ...wanted, taskId: expect.any(String) }])
})

test('reads its input from a pipe', async () => {
  const { cli, requests } = setup()
  await (await cli).run(['agents', 'call', 'files', '-'], { input: '\n {"a":\n 1}' })
  expect(requests).toMatchObject([{ data: { a: 1 } }])
})

test('--json is one document with the data and who gave it, also when it failed', async () => {
  const { cli } = setup()
  const { out } = await (await cli).run(['agents', 'call', 'files', '{}', '--json'])
  expect(JSON.parse(out)).toEqual({
    v: 1,
    task: { id: 't', state: 'TASK_STATE_COMPLETED' },
    worker: { id: '12D3KooWBob', name: 'bob' },
    tookMs: 214,
    data: { high: 21 }
  })
  const error = { code: 'AGENT_INPUT', message: 'no', details: { agent: 'files', reason: 'x' } }
  const failed = setup([given([], 'TASK_STATE_FAILED', { error })])
  const run = await (await failed.cli).run(['agents', 'call', 'files', '{}', '--json'])
  expect(run.code).toBe(7)
  expect(JSON.parse(run.out)).toMatchObject({ data: null, error: { code: 'AGENT_INPUT' } })
})

test('data that the skill does not take is told with what is wrong', async () => {
  const details = { agent: 'files', reason: 'path: must be string' }
  const error = { code: 'AGENT_INPUT', message: '', details }
  const { cli } = setup([given([], 'TASK_STATE_FAILED', { error })])
  const { code, out, err } = await (await cli).run(['agents', 'call', 'files', '{"path":1}'])
  expect({ code, out }).toEqual({ code: 7, out: '' })
  expect(err).toMatch(/path: must be string.*lumos agents show files/s)
})

test('an agent that asks back has nobody to ask: the task waits', async () => {
  const question = { type: 'input-required', auth: false, text: 'which?', atMs: 1 } as Unnumbered
  const { cli } = setup([routed, question])
  const { code, err } = await (await cli).run(['agents', 'call', 'files', '{}'])
  expect(code).toBe(9)
  expect(err).toMatch(/asks which\?.*lumos tasks answer/s)
})

test('agents are switched off and on, and the list says which are off', async () => {
  const switched: unknown[] = []
  const cli = await createTestCli({
    agents: async () => ({ ...(await fakeOperations().agents()), disabled: ['clock'] }),
    async setAgentEnabled(id, enabled) {
      if (id === 'ghost') throw new LumosError('AGENT_UNKNOWN', { details: { agent: id } })
      switched.push([id, enabled])
      return { v: 1, id, enabled }
    }
  })
  expect((await cli.run(['agents', 'disable', 'echo'])).out).toBe('echo is disabled\n')
  const { out } = await cli.run(['agents', 'enable', 'clock', '--json'])
  expect(JSON.parse(out)).toEqual({ v: 1, id: 'clock', enabled: true })
  expect(switched).toEqual([
    ['echo', false],
    ['clock', true]
  ])
  expect(await cli.run(['agents', 'disable', 'ghost'])).toMatchObject({ code: 5 })
  expect((await cli.run(['agents'])).err).toContain('disabled here: clock')
})
