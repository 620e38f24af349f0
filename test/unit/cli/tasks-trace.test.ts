/** `lumos tasks show ID --trace`: where the time of a task went, on all nodes, with no collector. */
import { expect, test } from 'vitest'
import type { TaskView } from '../../../client/api.ts'
import type { TaskTrace } from '../../../client/trace-api.ts'
import { createTestCli } from '../../support/cli.ts'
import type { TestCli } from '../../support/cli.ts'
import { TASK_TRACE } from '../../support/task-trace.ts'

const task: TaskView = {
  id: TASK_TRACE.task,
  contextId: 'c',
  agent: 'summarize',
  state: 'TASK_STATE_COMPLETED',
  outgoing: true,
  caller: { id: 'a', name: 'amber-otter' },
  worker: { id: 'b', name: 'ruby-finch' },
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:05.678Z',
  tookMs: 42,
  input: 'hello',
  artifacts: [],
  history: []
}

function testCli(trace: TaskTrace): Promise<TestCli> {
  return createTestCli({ task: async () => ({ v: 1, task }), taskTrace: async () => trace })
}

async function setup(trace: TaskTrace = TASK_TRACE) {
  const cli = await testCli(trace)
  return async (columns?: number): Promise<string[]> => {
    const init = columns === undefined ? {} : { columns }
    const { out } = await cli.run(['tasks', 'show', trace.task, '--trace'], init)
    const lines = out.trimEnd().split('\n')
    return lines.slice(lines.findIndex((line) => line.includes(' spans on ')))
  }
}

test('each span has its time, its node and a bar where it was', async () => {
  const show = await setup()
  expect(await show(80)).toEqual([
    '  42 ms in 3 spans on 2 nodes',
    '    0 ms  amber-otter  task summarize                    42 ms  ━━━━━━━━━━━━━━━━',
    '    2 ms  amber-otter   attempt ruby-finch               39 ms  ━━━━━━━━━━━━━━━',
    '  8.1 ms  ruby-finch     run summarize (AGENT_FAILED)  goes on     ╌╌╌╌╌╌╌╌╌╌╌╌╌',
    '  ! slate-heron took part, and its part is not shown: there is no connection to it now',
    '  2 spans more not kept'
  ])
})

test.for([40, 60, 120, 240])(
  'no line of the waterfall is wider than %d columns',
  async (columns) => {
    const lines = await (await setup({ ...TASK_TRACE, missing: [] }))(columns)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(columns, 60))
  }
)

test('a script gets the spans as they are', async () => {
  const cli = await testCli(TASK_TRACE)
  const { out } = await cli.run(['tasks', 'show', TASK_TRACE.task, '--trace', '--json'])
  expect(JSON.parse(out)).toMatchObject({ trace: TASK_TRACE })
})

test('a task that is too old for a trace is said to be', async () => {
  const empty = { ...TASK_TRACE, spans: [], missing: [], startedAt: '', tookMs: 0 }
  const cli = await testCli(empty)
  const { out } = await cli.run(['tasks', 'show', empty.task, '--trace'])
  expect(out).toContain('no trace of it is kept here')
})

test('names of peers cannot forge what the terminal shows', async () => {
  const forged = {
    ...TASK_TRACE,
    spans: TASK_TRACE.spans.map((span) => ({ ...span, node: { id: 'x', name: '\u001b[2Jevil' } }))
  }
  const cli = await testCli(forged)
  const { out } = await cli.run(['tasks', 'show', forged.task, '--trace'])
  expect(out).not.toContain('\u001b')
})
