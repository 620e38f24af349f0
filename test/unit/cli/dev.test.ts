/** `lumos dev`: what a developer sees while agents are written. */
import { expect, test } from 'vitest'
import type { DevEvent, DevRequest } from '../../../client/dev-api.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTestCli } from '../../support/cli.ts'

const caller = { id: '12D3KooWBob', name: 'bob' }
const asked = { type: 'asked', task: 't', agent: 'hello', caller, text: 'to be\nor not' } as const
const answered = { type: 'answered', task: 't', agent: 'hello', tookMs: 11 } as const

type WithoutVersion<T> = T extends unknown ? Omit<T, 'v'> : never
type Unversioned = WithoutVersion<DevEvent>

/** Tells the events; then the person presses Ctrl-C. */
function setup(events: readonly Unversioned[], env: Readonly<Record<string, string>> = {}) {
  const requests: DevRequest[] = []
  const leave = new AbortController()
  const cli = createTestCli({
    async *develop(request, signal) {
      requests.push(request)
      for (const event of events) yield { v: 1, ...event } as DevEvent
      // What was told last is on its way: the person reads it before they leave.
      setImmediate(() => setImmediate(() => leave.abort(new LumosError('CANCELLED'))))
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
  })
  return {
    requests,
    run: async (...argv: readonly string[]) =>
      (await cli).run(['dev', '/home/ada/hello/agent.ts', ...argv], { signal: leave.signal, env })
  }
}

test('shows versions, requests, failures with their place, and what the code prints', async () => {
  const agents = [{ id: 'hello', description: 'Greets.', example: 'to be' }]
  const { run } = setup([
    { type: 'loaded', agents, version: 1, tookMs: 389 },
    asked,
    { type: 'printed', stream: 'stdout', text: 'counting \u001b[2J' },
    answered,
    { type: 'loaded', agents, version: 2, tookMs: 120 },
    {
      type: 'failed',
      reason: 'Expected ;',
      place: { file: '/home/ada/hello/agent.ts', line: 29 },
      serving: true
    },
    asked,
    {
      ...answered,
      error: { code: 'AGENT_FAILED', message: 'TypeError: kaboom' },
      place: { file: '/home/ada/hello/lib/x.ts', line: 21, column: 32 }
    },
    { type: 'failed', reason: 'exit code 1', serving: false }
  ])
  const { out, err } = await run()
  expect(out).toBe(`✓ hello   version 1   389 ms
│ counting �[2J
· bob          hello  to be or not  11 ms
↻ hello   version 2   120 ms
✗ agent.ts:29  Expected ;
  the version before still answers; save a file to try again
✗ bob          hello  to be or not  11 ms
  AGENT_FAILED  lib/x.ts:21:32  TypeError: kaboom
✗ exit code 1
  nothing answers; save a file to try again
`)
  expect(err).toContain('try: lumos run hello "to be"')
})

test('--json is one event a line', async () => {
  const { run } = setup([asked, answered])
  const { out, err } = await run('--json')
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  ).toEqual([
    { v: 1, ...asked },
    { v: 1, ...answered }
  ])
  expect(err).toBe('')
})

test('the agents get the variables that are named, and none else of the shell', async () => {
  const shell = { OPENAI_API_KEY: 'k', AWS_SECRET_ACCESS_KEY: 's' }
  const bare = setup([], shell)
  await bare.run()
  expect(bare.requests).toEqual([{ path: '/home/ada/hello/agent.ts', env: {} }])
  const { run, requests } = setup([], shell)
  await run('--env', 'OPENAI_API_KEY', '--env', 'MODEL=small')
  expect(requests[0]?.env).toEqual({ OPENAI_API_KEY: 'k', MODEL: 'small' })
})

test('a variable that the shell does not have is told before anything runs', async () => {
  const { run, requests } = setup([])
  const { code, err } = await run('--env', 'NO_SUCH_VARIABLE')
  expect(code).toBe(2)
  expect(err).toContain('this shell has no variable NO_SUCH_VARIABLE')
  expect(requests).toEqual([])
})

test('what cannot be run at all is told as any failure', async () => {
  const cli = await createTestCli({
    async *develop() {
      yield* []
      throw new LumosError('HOST_INVALID', { details: { path: '/x', reason: 'there is none' } })
    }
  })
  const { code, err } = await cli.run(['dev', '/x'])
  expect(code).toBe(1)
  expect(err).toContain('there is none')
})
