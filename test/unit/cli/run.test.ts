/** `lumos run`: text on stdout, story on stderr, and an end that scripts can tell from its code. */
import { expect, test } from 'vitest'
import type { RunRequest } from '../../../client/api.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTestCli } from '../../support/cli.ts'
import { lines } from '../../support/control-operations.ts'
import {
  chunk,
  events,
  result,
  routed,
  task,
  worker,
  type Unnumbered
} from '../../support/run-events.ts'

function setup(list: readonly Unnumbered[]) {
  const requests: RunRequest[] = []
  return {
    requests,
    cli: createTestCli({
      run(request) {
        requests.push(request)
        return lines(events(list))
      }
    })
  }
}

test('streams the text alone to stdout, and tells who and how long on stderr', async () => {
  const { cli } = setup([
    routed,
    chunk('one', false),
    chunk(' two', true),
    result('TASK_STATE_COMPLETED')
  ])
  expect(await (await cli).run(['run', 'echo', 'one', 'two'])).toEqual({
    code: 0,
    out: 'one two\n',
    err: `→ echo on bob   direct, best of 2, found in 3 ms
✓ 214 ms, first event after 31 ms   bob   task …7f3a9c1e
`
  })
})

test('prints the artifacts of the result when none was streamed', async () => {
  const { cli } = setup([result('TASK_STATE_COMPLETED')])
  expect(await (await cli).run(['run', 'echo', 'x', '-q'])).toEqual({
    code: 0,
    out: 'one two\n',
    err: ''
  })
})

test('hands over target, text, place, deadline and id', async () => {
  const { cli, requests } = setup([result('TASK_STATE_COMPLETED')])
  const flags = ['--to', 'bob', '--remote', '--timeout', '2m', '--task-id', task]
  await (await cli).run(['run', 'echo@bob', 'hi', 'there', ...flags])
  expect(requests).toEqual([
    {
      target: '@echo@bob',
      text: 'hi there',
      to: 'bob',
      where: 'remote',
      timeoutMs: 120_000,
      taskId: task
    }
  ])
})

test('chooses a task id of its own, so that Ctrl-C always knows what to cancel', async () => {
  const { cli, requests } = setup([result('TASK_STATE_COMPLETED')])
  await (await cli).run(['run', 'echo', 'hi'])
  expect(requests[0]?.taskId).toMatch(/^[\da-f]{8}-[\da-f]{4}-7/)
})

test.for([[[]], [['-']]])('reads the text from a pipe with %j', async ([words]) => {
  const { cli, requests } = setup([result('TASK_STATE_COMPLETED')])
  await (await cli).run(['run', 'echo', ...(words ?? [])], { input: 'from the pipe\n' })
  expect(requests[0]?.text).toBe('from the pipe\n')
})

test.for([
  ['no text', ['run', 'echo'], 'the text is missing'],
  ['an empty pipe', ['run', 'echo', '-'], 'the text is missing'],
  ['--local with --remote', ['run', 'echo', 'x', '--local', '--remote'], 'exclude each other'],
  ['an id that is no UUID', ['run', 'echo', 'x', '--task-id', '7'], 'is no UUID'],
  ['a timeout that is no duration', ['run', 'echo', 'x', '--timeout', 'soon'], 'is no duration']
] as const)('%s is a mistake in usage', async ([, argv, reason]) => {
  const cli = await createTestCli({})
  const { code, out, err } = await cli.run(argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(reason)
})

test('a failed task exits with 7 and says what, and what to do', async () => {
  const error = { code: 'AGENT_FAILED', message: '', details: { agent: 'echo', reason: 'tripped' } }
  const { cli } = setup([routed, result('TASK_STATE_FAILED', { error })])
  const { code, err } = await (await cli).run(['run', 'echo', 'x'])
  expect(code).toBe(7)
  expect(err).toMatch(/error: .*AGENT_FAILED \(exit 7\)/s)
})

test('a task that failed by a code of this node exits with 7 as well', async () => {
  const error = { code: 'INTERNAL', message: 'x' }
  const { cli } = setup([result('TASK_STATE_FAILED', { error })])
  expect(await (await cli).run(['run', 'echo', 'x'])).toMatchObject({
    code: 7,
    err: expect.stringMatching(/TASK_FAILED \(exit 7\)/)
  })
})

test('a task that ran out of time exits with 6', async () => {
  const error = { code: 'TIMED_OUT', message: 'x', details: { timeoutMs: 50 } }
  const { cli } = setup([result('TASK_STATE_FAILED', { error })])
  expect(await (await cli).run(['run', 'echo', 'x'])).toMatchObject({ code: 6 })
})

test('--json prints every event as it came, also that of a failure, and still exits with 7', async () => {
  const list = [routed, chunk('one', false), result('TASK_STATE_REJECTED')]
  const { cli } = setup(list)
  const { code, out, err } = await (await cli).run(['run', 'echo', 'x', '--json'])
  expect({ code, err }).toEqual({ code: 7, err: '' })
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  ).toEqual(events(list))
})

test('a failure in mid-stream is the last line of JSON', async () => {
  const cli = await createTestCli({
    async *run() {
      yield* events([routed])
      throw new LumosError('SESSION_CLOSED', { details: { peer: 'bob' } })
    }
  })
  const { code, out } = await cli.run(['run', 'echo', 'x', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    ok: false,
    error: { code: 'SESSION_CLOSED' }
  })
})

test('a stream without a result means that the node went away', async () => {
  const { cli } = setup([routed])
  expect(await (await cli).run(['run', 'echo', 'x'])).toMatchObject({
    code: 3,
    err: expect.stringMatching(/DAEMON_STOPPED/)
  })
})

test('a name that nobody has comes with the nearest that somebody has', async () => {
  const cli = await createTestCli({
    // oxlint-disable-next-line require-yield -- it fails before its first event
    async *run() {
      throw new LumosError('NO_ROUTE', { details: { capability: 'ecko' } })
    }
  })
  const { code, err } = await cli.run(['run', 'ecko', 'x'])
  expect(code).toBe(5)
  expect(err).toBe(`error: no reachable peer offers "ecko"  NO_ROUTE (exit 5)
  tried  looked 1 agents known here
  try    lumos run echo …, or lumos find ecko
`)
})

test('Ctrl-C cancels the task, waits for its end, and exits with 130', async () => {
  const stop = new AbortController()
  const cancelled = Promise.withResolvers<string>()
  const ids: (string | undefined)[] = []
  const cli = await createTestCli({
    async *run({ taskId }) {
      ids.push(taskId)
      yield* events([routed])
      stop.abort(new LumosError('CANCELLED'))
      ids.push(await cancelled.promise)
      yield* events([result('TASK_STATE_CANCELED')]).map((event) => ({ ...event, seq: 1 }))
    },
    async cancelTask(id) {
      cancelled.resolve(id)
      throw new LumosError('TASK_NOT_CANCELABLE', { details: { task: id } })
    }
  })
  const { code, err } = await cli.run(['run', 'echo', 'x'], { signal: stop.signal })
  expect(ids[0]).toBe(ids[1])
  expect({ code, err }).toEqual({
    code: 130,
    err: expect.stringMatching(/^cancelling; Ctrl-C again to leave at once\n(.*\n)?cancelled\n$/m)
  })
})

test('text of an agent cannot command the terminal, but reaches a pipe as it is', async () => {
  const evil = 'a\u001b]52;c;cm0gLXJm\u0007b\r\n'
  const { cli } = setup([chunk(evil, false), result('TASK_STATE_COMPLETED')])
  expect((await (await cli).run(['run', 'echo', 'x'])).out).toBe(evil)
  expect((await (await cli).run(['run', 'echo', 'x'], { columns: 80 })).out).toBe(
    'a�]52;c;cm0gLXJm�b\n'
  )
})

const error = { code: 'SESSION_CLOSED', message: 'the session has ended', hint: '' }
const broken = [
  routed,
  chunk('one ', false),
  { type: 'waiting', worker, error, atMs: 2 } as Unnumbered,
  { type: 'resumed', worker, atMs: 3 } as Unnumbered,
  chunk('two', true),
  result('TASK_STATE_COMPLETED')
]

test('a text that was interrupted reaches a file without a break', async () => {
  const { cli } = setup(broken)
  expect(await (await cli).run(['run', 'echo', 'x'])).toEqual({
    code: 0,
    out: 'one two\n',
    err: `→ echo on bob   direct, best of 2, found in 3 ms
! lost contact with bob (the session has ended): waiting for it
  bob is back
✓ 214 ms, first event after 31 ms   bob   task …7f3a9c1e
`
  })
})

test('says what does not count when the worker began anew', async () => {
  const restarted = { type: 'restarted', attempt: 2, atMs: 3 } as Unnumbered
  const story = [routed, chunk('on', false), restarted, chunk('one two', false)]
  const { cli } = setup([...story, result('TASK_STATE_COMPLETED')])
  const { out, err } = await (await cli).run(['run', 'echo', 'x'])
  expect(out).toBe('on\none two\n')
  expect(err).toContain('! bob was interrupted: what it said so far does not count\n')
})

test('--cancel-on-disconnect is handed over, and contradicts --detach', async () => {
  const { cli, requests } = setup([result('TASK_STATE_COMPLETED')])
  await (await cli).run(['run', 'echo', 'x', '--cancel-on-disconnect'])
  expect(requests[0]).toMatchObject({ cancelOnDisconnect: true })
  const both = ['run', 'echo', 'x', '--cancel-on-disconnect', '--detach']
  expect(await (await cli).run(both)).toMatchObject({
    code: 2,
    err: expect.stringContaining('exclude each other')
  })
})

test('--detach comes back with the id when the order is on disk', async () => {
  const accepted = { type: 'accepted', task: { id: task }, atMs: 0 } as Unnumbered
  const { cli, requests } = setup([accepted])
  const detached = ['run', 'echo', 'x', '--detach', '--task-id', task]
  expect(await (await cli).run(detached)).toEqual({
    code: 0,
    out: `${task}\n`,
    err: 'next: lumos tasks watch …7f3a9c1e   lumos tasks show, lumos tasks cancel\n'
  })
  expect(requests[0]).toMatchObject({ detach: true })
  const { out } = await (await cli).run([...detached, '--json'])
  expect(JSON.parse(out)).toMatchObject({ v: 1, type: 'accepted', task: { id: task } })
})

test('a detached order that was not acknowledged is a failure', async () => {
  const { cli } = setup([routed])
  expect(await (await cli).run(['run', 'echo', 'x', '--detach'])).toMatchObject({ code: 3 })
})
