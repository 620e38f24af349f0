/** What those at the edge used: each end is counted once, on its day, whatever becomes of the process. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StreamResponse } from '../../../../core/a2a.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { progressMetadata, stamp } from '../../../../protocols/a2a/extensions.ts'
import { OTHERS } from '../../../../tasks/edge/accounts.ts'
import { begin, finish, position, startCaller, TASK } from '../../../support/delegations.ts'

const ACME = 'tenant:acme'
const EDGE = { owner: ACME, agent: 'echo', contextId: 'c' }
const DAY_MS = 86_400_000

function step(at: number, inputTokens: number, outputTokens: number): StreamResponse {
  const usage = {
    kind: 'usage' as const,
    step: at,
    model: 'm',
    inputTokens,
    outputTokens,
    cost: 0.5
  }
  const message = {
    messageId: `s${at}`,
    role: 'ROLE_AGENT' as const,
    parts: [{ text: '' }],
    metadata: progressMetadata({ step: usage }) ?? {}
  }
  const status = { state: 'TASK_STATE_WORKING' as const, message }
  return { statusUpdate: { taskId: TASK, contextId: 'c', status, metadata: stamp(position(at)) } }
}

test('a task is counted by how it ended, with what its models took', async () => {
  const answers = [[begin(), step(1, 10, 5), step(2, 20, 7), finish(position(3))]]
  const caller = await startCaller({ answers })
  await caller.ask({ edge: EDGE })
  await caller.pass()
  expect(await caller.accounts.report({})).toMatchObject([
    { owner: ACME, completed: 1, failed: 0, inputTokens: 30, outputTokens: 12, tokens: 42, cost: 1 }
  ])
  expect(caller.accounts.tokens(ACME, 'day')).toBe(42)
  expect(caller.accounts.kept(ACME)).toMatchObject({ tasks: 1 })
})

test('what this node asked for by itself is nobody’s', async () => {
  const caller = await startCaller({ answers: [[begin(), finish(position(1))]] })
  await caller.ask()
  await caller.pass()
  expect(await caller.accounts.report({})).toEqual([])
})

test('wherever the power fails, the end of a task is counted once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 14 }), fc.integer(), async (turns, seed) => {
      const answers = [[begin(), step(1, 10, 5), finish(position(2))]]
      const caller = await startCaller({ answers })
      // What it says again when it is asked again.
      caller.worker.story = answers[0] ?? []
      await caller.ask({ edge: EDGE })
      for (let turn = 0; turn < turns; turn += 1) await caller.clock.advance(0)
      await caller.crash(0, seed)
      await caller.pass(2 * LIMITS.retryDelayMost.value)
      expect(await caller.delegations.find(TASK)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
      const [row] = await caller.accounts.report({})
      expect(row).toMatchObject({ completed: 1, tokens: 15 })
      expect(caller.accounts.kept(ACME).tasks).toBe(1)
      await caller.stop()
    }),
    { numRuns: 40 }
  )
})

test('requests and refusals outlive a clean stop, and are written at most once a minute', async () => {
  const caller = await startCaller()
  for (let each = 0; each < 100; each += 1) caller.accounts.asked(ACME)
  caller.accounts.refused(ACME)
  expect(caller.clock.pending).toBe(2)
  await caller.stop()
  await caller.crash()
  expect(await caller.accounts.report({})).toMatchObject([{ requests: 100, refused: 1 }])
})

test('each day of UTC has its own sums, and the month all of them', async () => {
  const caller = await startCaller()
  const { accounts, clock } = caller
  const end = { edge: EDGE, state: 'TASK_STATE_COMPLETED', tookMs: 1 } as const
  const spent = { inputTokens: 1, outputTokens: 1, tokens: 2, cost: 0 }
  clock.jump(Date.UTC(2026, 10, 29, 23, 59) - clock.now())
  accounts.ended({ ...end, spent }, 10)
  clock.jump(DAY_MS)
  accounts.ended({ ...end, spent }, 10)
  expect([accounts.tokens(ACME, 'day'), accounts.tokens(ACME, 'month')]).toEqual([2, 4])
  clock.jump(60_000)
  expect([accounts.tokens(ACME, 'day'), accounts.tokens(ACME, 'month')]).toEqual([0, 0])
  accounts.asked(ACME)
  expect((await accounts.report({})).map(({ day }) => day)).toEqual(['2026-12-01'])
})

test('days that nobody asks for any more are forgotten', async () => {
  const caller = await startCaller()
  caller.accounts.asked(ACME)
  await caller.accounts.report({})
  caller.clock.jump((LIMITS.usageDays.value + 2) * DAY_MS)
  caller.accounts.asked(ACME)
  const days = await caller.accounts.report({})
  expect(days).toHaveLength(1)
})

test('a flood of names on one day fills no memory: those that are too many are counted as one', async () => {
  const caller = await startCaller()
  const most = LIMITS.usageOwners.value
  for (let each = 0; each < most + 5; each += 1) caller.accounts.asked(`jwt:${each}`)
  const rows = await caller.accounts.report({})
  expect(rows).toHaveLength(most + 1)
  expect(rows.find(({ owner }) => owner === OTHERS)).toMatchObject({ requests: 5 })
})

test('what is forgotten makes room again', async () => {
  const answers = [[begin(), finish(position(1))]]
  const caller = await startCaller({ answers })
  await caller.ask({ edge: EDGE })
  await caller.pass()
  await caller.delegations.remove(TASK)
  expect(caller.accounts.kept(ACME)).toEqual({ tasks: 0, bytes: 0 })
  expect(await caller.accounts.report({})).toMatchObject([{ completed: 1 }])
})
