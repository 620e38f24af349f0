/** `lumos tasks` on one task: its story so far, once more, and away with it. */
import { expect, test } from 'vitest'
import type { RunEvent, TaskView } from '../../../client/api.ts'
import { LumosError } from '../../../core/errors.ts'
import type { ControlOperations } from '../../../gateway/control/operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { lines } from '../../support/control-operations.ts'

const id = '0193b5a0-0000-7000-8000-00007f3a9c1e'
const again = '0193b5a0-0000-7000-8000-0000aabbccdd'
const worker = { id: 'b', name: 'bob' }
const task: TaskView = {
  id,
  contextId: 'c',
  agent: 'echo',
  state: 'TASK_STATE_COMPLETED',
  outgoing: true,
  caller: { id: 'a', name: 'amber-otter' },
  worker,
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:05.678Z',
  tookMs: 12,
  input: 'hello',
  artifacts: [],
  history: []
}

const soFar: RunEvent[] = [
  {
    v: 1,
    seq: 0,
    type: 'routed',
    candidates: 1,
    worker,
    agent: 'echo',
    path: 'direct',
    lookupMs: 3
  },
  { v: 1, seq: 1, type: 'accepted', task: { id }, atMs: 4 },
  {
    v: 1,
    seq: 2,
    type: 'artifact',
    artifact: { artifactId: 'result', parts: [{ text: 'half' }] },
    append: false,
    lastChunk: false,
    atMs: 5
  }
]

function setup(events: readonly RunEvent[] = soFar) {
  const asked: string[] = []
  const answer =
    (what: string, view: TaskView): ControlOperations['removeTask'] =>
    async (named) => {
      asked.push(`${what} ${named}`)
      return { v: 1, task: view }
    }
  const cli = createTestCli({
    tasks: async () => ({ v: 1, tasks: [task], next: '' }),
    retryTask: answer('retry', { ...task, id: again, state: 'TASK_STATE_SUBMITTED' }),
    removeTask: answer('remove', task),
    taskEvents(named, _, follow) {
      asked.push(`${follow ? 'watch' : 'logs'} ${named}`)
      return lines(events)
    }
  })
  return { asked, cli }
}

const listed = (...tasks: readonly TaskView[]) =>
  createTestCli({ tasks: async () => ({ v: 1, tasks, next: '' }) })
const child: TaskView = { ...task, id: again, parent: id, agent: 'calc', input: '1+1' }
const grandchild: TaskView = { ...child, id: '3', parent: again, agent: 'clock' }

test('what an agent asked others for stands below its task', async () => {
  const cli = await listed(grandchild, child, task)
  const { out } = await cli.run(['tasks'], { columns: 120 })
  expect(
    out
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/ completed.*?(echo|calc|clock).*/, '$1'))
  ).toEqual(['…7f3a9c1e   echo', '└ …aabbccdd calc', '└─ 3        clock'])
})

test('a script and a page without the task that asked still read which it was', async () => {
  expect((await (await listed(child)).run(['tasks'])).out).toContain(id)
  const { out } = await (await listed(child)).run(['tasks'], { columns: 120 })
  expect(out).toMatch(/^…aabbccdd .*…7f3a9c1e/m)
})

test('logs are the story so far, and nothing is waited for', async () => {
  const { asked, cli } = setup()
  expect(await (await cli).run(['tasks', 'logs', '7f3a9c1e'])).toEqual({
    code: 0,
    out: 'half\n',
    err: '→ echo on bob   direct, the only one, found in 3 ms\n'
  })
  expect(asked).toEqual([`logs ${id}`])
})

test('logs of a task that has just begun say where to look later', async () => {
  const { cli } = setup([])
  expect(await (await cli).run(['tasks', 'logs', '7f3a9c1e'])).toEqual({
    code: 0,
    out: '',
    err: 'nothing has happened yet: lumos tasks watch …7f3a9c1e\n'
  })
})

test('logs with --json are one event a line', async () => {
  const { cli } = setup()
  const { out } = await (await cli).run(['tasks', 'logs', id, '--json'])
  const printed = out.trimEnd().split('\n')
  expect(printed.map((line): unknown => JSON.parse(line))).toEqual(soFar)
})

test('watch waits for the end', async () => {
  const { asked, cli } = setup()
  await (await cli).run(['tasks', 'watch', '7f3a9c1e'])
  expect(asked).toEqual([`watch ${id}`])
})

test('retry prints the new id alone on stdout', async () => {
  const { asked, cli } = setup()
  expect(await (await cli).run(['tasks', 'retry', '7f3a9c1e'])).toEqual({
    code: 0,
    out: `${again}\n`,
    err: 'next: lumos tasks watch …aabbccdd\n'
  })
  expect(asked).toEqual([`retry ${id}`])
})

test('rm says what is forgotten, and why it is not', async () => {
  const { asked, cli } = setup()
  expect(await (await cli).run(['tasks', 'rm', '7f3a9c1e'])).toMatchObject({
    code: 0,
    out: 'task …7f3a9c1e is forgotten\n'
  })
  expect(asked).toEqual([`remove ${id}`])
  const running = await createTestCli({
    async removeTask() {
      throw new LumosError('TASK_RUNNING', { details: { task: id } })
    }
  })
  const { code, err } = await running.run(['tasks', 'rm', id])
  expect(code).toBe(1)
  expect(err).toContain(`lumos tasks cancel ${id}`)
})
