import { expect, test } from 'vitest'
import type { FindEvent } from '../../../client/find-api.ts'
import type { Provider, RunEvent } from '../../../client/api.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeOperations, lines, RUN_EVENTS } from '../../support/control-operations.ts'

const ID = '0199c0de-0000-7000-8000-00007f3a9c1e'

/** What the node says one question after the other; the last answer stays. */
async function statuses(...answers: { peers?: number; problem?: string }[]) {
  const status = await fakeOperations().status()
  let asked = 0
  return {
    asked: () => asked,
    status: async () => {
      const { peers = 0, problem } = answers[Math.min(asked, answers.length - 1)] ?? {}
      asked += 1
      const problems = problem === undefined ? [] : [{ code: problem, message: problem }]
      return { ...status, peers, problems }
    }
  }
}

test('waits for a node that takes work', async () => {
  const { status, asked } = await statuses({ problem: 'STORE_FULL' }, { problem: 'CLOCK_SKEW' })
  const cli = await createTestCli({ status })
  const { code, err } = await cli.run(['wait'])
  expect(code).toBe(0)
  expect(err).toMatch(/^ready: after /)
  expect(asked()).toBe(2)
})

test('waits for so many peers', async () => {
  const { status } = await statuses({ peers: 0 }, { peers: 2 })
  const cli = await createTestCli({ status })
  const { code, out } = await cli.run(['wait', '--for', 'peers=2', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual({ v: 1, for: ['peers=2'], tookMs: expect.any(Number) })
})

test('an agent or a skill is there when the node tells that it appears', async () => {
  const node = { id: 'peer', name: 'birch' }
  const provider = (agent: string, skill: string): Provider => ({
    agent,
    skill,
    description: '',
    node,
    local: false,
    connected: true,
    rttMs: null,
    load: null,
    freshMs: 1,
    score: 1
  })
  const events: FindEvent[] = [
    { v: 1, type: 'appeared', provider: provider('echoes', 'echo.say') },
    { v: 1, type: 'ready' },
    { v: 1, type: 'appeared', provider: provider('echo', 'echo') }
  ]
  let told = 0
  const cli = await createTestCli({
    async *watchFind() {
      for (const event of events) {
        told += 1
        yield event
      }
      // As a node that is asked to stop does.
    }
  })
  expect((await cli.run(['wait', '--for', 'agent=echo'])).code).toBe(0)
  expect(told).toBe(3)
  told = 0
  expect((await cli.run(['wait', '--for', 'skill=echo.say'])).code).toBe(0)
})

test('a task that has ended ends the wait, with its failure', async () => {
  const failed: RunEvent[] = RUN_EVENTS.map((event) =>
    event.type === 'result'
      ? { ...event, task: { ...event.task, state: 'TASK_STATE_FAILED' as const } }
      : event
  )
  const well = await createTestCli({ taskEvents: () => lines(RUN_EVENTS) })
  expect((await well.run(['wait', '--for', `task=${ID}`])).code).toBe(0)
  const ill = await createTestCli({ taskEvents: () => lines(failed) })
  const { code, err } = await ill.run(['wait', '--for', `task=${ID}`])
  expect([code, err]).toEqual([7, expect.stringContaining('TASK_FAILED')])
})

test('gives up in time, and says what did not come', async () => {
  const { status } = await statuses({ peers: 1 })
  const cli = await createTestCli({ status })
  const argv = ['wait', '--for', 'ready', '--for', 'peers=2', '--timeout', '50ms']
  const { code, err } = await cli.run(argv)
  expect(code).toBe(6)
  expect(err).toContain('ready, peers=2')
})

test('a node that is not up yet is waited for, not complained about', async () => {
  const cli = await createTestCli()
  expect((await cli.run(['wait', '--timeout', '50ms'])).code).toBe(6)
})

test.for(['peers', 'peers=many', 'ready=yes', 'agnet=echo', 'task='])(
  '"%s" is nothing to wait for',
  async (word) => {
    const cli = await createTestCli()
    expect((await cli.run(['wait', '--for', word])).code).toBe(2)
  }
)
