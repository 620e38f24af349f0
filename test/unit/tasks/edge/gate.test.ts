/** What one at the edge may use, to the last task, and that a flood of one leaves others their turn. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { DelegationEvent } from '../../../../tasks/caller/delegation-events.ts'
import { createEdgeGate } from '../../../../tasks/edge/gate.ts'
import type { EdgeRules } from '../../../../tasks/edge/gate.ts'
import type { EdgeMark } from '../../../../tasks/edge/orders.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const RULES: EdgeRules = {
  concurrency: 1000,
  storageBytes: 100,
  knows: (agent) => agent !== 'secret'
}
const RETENTION_MS = 1000
const ROOM = LIMITS.tenantTasksBefore.value

interface Use {
  readonly day?: number
  readonly month?: number
  readonly bytes?: number
}

function setup(rules: Partial<EdgeRules> = {}, { day = 0, month = 0, bytes = 0 }: Use = {}) {
  const clock = new ManualClock()
  const refused: string[] = []
  const gate = createEdgeGate(
    {
      clock,
      accounts: {
        tokens: (_, period) => (period === 'day' ? day : month),
        kept: () => ({ tasks: 1, bytes }),
        oldest: async () => clock.now() - 400,
        refused: (owner) => void refused.push(owner)
      },
      rulesOf: () => ({ ...RULES, ...rules }),
      onRefused: () => {}
    },
    { retentionMs: RETENTION_MS }
  )
  return { clock, gate, refused }
}

function mark(owner: string, agent = 'echo'): EdgeMark {
  return { owner: `tenant:${owner}`, agent, contextId: 'c' }
}

/** A task that begins and ends when the test says so. */
function task(edge: EdgeMark) {
  const begun = Promise.withResolvers<undefined>()
  const ended = Promise.withResolvers<undefined>()
  async function* read(): AsyncIterable<DelegationEvent> {
    await begun.promise
    yield { type: 'status', state: 'TASK_STATE_WORKING', atMs: 0 }
  }
  return {
    record: { edge },
    log: { read },
    run: () => ended.promise,
    begin: () => begun.resolve(undefined),
    end() {
      begun.resolve(undefined)
      ended.resolve(undefined)
    }
  }
}

test('as many tasks as the quota says may be open; one that has ended makes room', async () => {
  const { gate, refused } = setup({ concurrency: 2 })
  const tasks = [task(mark('acme')), task(mark('acme'))]
  const runs = tasks.map((one) => {
    expect(gate.enter(one.record.edge)).toBeUndefined()
    return gate.run(one)
  })
  const details = { quota: 'concurrency', limit: 2, retryAfterMs: 1000 }
  expect(() => gate.enter(mark('acme'))).toThrow(expect.objectContaining({ details }))
  expect(refused).toEqual(['tenant:acme'])
  expect(gate.enter(mark('beta'))).toBeUndefined()
  tasks[0]?.end()
  await runs[0]
  expect(gate.enter(mark('acme'))).toBeUndefined()
})

test('tasks of an earlier process count, though they are not refused', async () => {
  const { gate } = setup({ concurrency: 1 })
  const restored = task(mark('acme'))
  const run = gate.run(restored)
  expect(() => gate.enter(mark('acme'))).toThrow('concurrency')
  restored.end()
  await run
  expect(gate.enter(mark('acme'))).toBeUndefined()
})

test('what came in and was not begun gives its place back, once', () => {
  const { gate } = setup({ concurrency: 1 })
  const edge = mark('acme')
  void gate.enter(edge)
  gate.leave(edge)
  gate.leave(edge)
  void gate.enter(mark('acme'))
  expect(() => gate.enter(mark('acme'))).toThrow('concurrency')
})

test('tokens are used up at their number, until the next day or month of UTC begins', () => {
  const at = Date.UTC(2026, 11, 31, 23, 0)
  const cases = [
    [{ tokensPerDay: 10 }, { day: 9 }, undefined],
    [{ tokensPerDay: 10 }, { day: 10 }, 3_600_000],
    [{ tokensPerMonth: 10 }, { month: 10 }, 3_600_000],
    [{ tokensPerMonth: 11 }, { month: 10 }, undefined]
  ] as const
  for (const [rules, use, retryAfterMs] of cases) {
    const { gate, clock } = setup(rules, use)
    clock.jump(at - clock.now())
    if (retryAfterMs === undefined) expect(gate.enter(mark('acme'))).toBeUndefined()
    else {
      const details = expect.objectContaining({ retryAfterMs })
      expect(() => gate.enter(mark('acme'))).toThrow(expect.objectContaining({ details }))
    }
  }
})

test('a task may spend what is left of the day', () => {
  const { gate } = setup({ tokensPerDay: 10, tokensPerMonth: 100 }, { day: 4, month: 97 })
  expect(gate.budget(mark('acme'), { calls: 1, tokens: 50 })).toEqual({ calls: 1, tokens: 3 })
  expect(gate.budget(undefined, { tokens: 50 })).toEqual({ tokens: 50 })
  expect(setup().gate.budget(mark('acme'), undefined)).toBeUndefined()
})

test('storage is full until the oldest task is forgotten', async () => {
  const { gate } = setup({}, { bytes: 100 })
  await expect(gate.enter(mark('acme'))).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    details: { quota: 'storageBytes', limit: 100, retryAfterMs: 1000 }
  })
  expect(setup({}, { bytes: 99 }).gate.enter(mark('acme'))).toBeUndefined()
})

test('an agent that a tenant may not see is not there', () => {
  const { gate } = setup()
  const failure = { code: 'AGENT_UNKNOWN', details: { agent: 'secret' } }
  const act = () => gate.enter(mark('acme', 'secret'))
  expect(act).toThrow(expect.objectContaining(failure))
})

/** Fills the way to `echo` with tasks of `flood`, of which `more` wait. */
async function flooded(more: number) {
  const { gate, clock } = setup()
  const onWay = Array.from({ length: ROOM }, () => task(mark('flood')))
  for (const one of onWay) {
    expect(gate.enter(one.record.edge)).toBeUndefined()
    void gate.run(one)
  }
  const turns: string[] = []
  const join = (owner: string): void => {
    const edge = mark(owner, owner === 'birch' ? 'echo@birch' : 'echo')
    const turn = gate.enter(edge)
    expect(turn).toBeInstanceOf(Promise)
    turn?.then(() => turns.push(owner)).catch(() => turns.push(`${owner} refused`))
  }
  for (let each = 0; each < more; each += 1) join('flood')
  const begin = async (count: number): Promise<void> => {
    for (const one of onWay.splice(0, count)) one.begin()
    await clock.advance(0)
  }
  return { gate, clock, turns, join, begin, onWay }
}

test('who comes after a flood to the same agent has a turn after one of it, by whichever name', async () => {
  const { turns, join, begin, gate } = await flooded(100)
  join('acme')
  join('birch')
  await begin(4)
  expect(turns.toSorted().slice(0, 2)).toEqual(['acme', 'birch'])
  expect(turns).toHaveLength(4)
  gate.stop()
})

test('a flood fills a quarter of the line, and others find room in it', async () => {
  const most = LIMITS.tenantTasksInLine.value / 4
  const { gate, turns, join, clock } = await flooded(most)
  expect(() => gate.enter(mark('flood'))).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  join('acme')
  expect(gate.enter(mark('flood', 'calc'))).toBeUndefined()
  gate.stop()
  await clock.advance(0)
  expect(turns).toContain('acme refused')
  expect(clock.pending).toBe(0)
})

test('who waits too long is told to come again, and takes no turn', async () => {
  const { turns, join, begin, clock } = await flooded(0)
  join('acme')
  await clock.advance(LIMITS.tenantLineWait.value)
  expect(turns).toEqual(['acme refused'])
  join('beta')
  await begin(1)
  expect(turns).toEqual(['acme refused', 'beta'])
})

test('whatever one does, another one’s number of tasks is its own', async () => {
  const deed = fc.constantFrom('enter', 'leave', 'end')
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 30 }), async (deeds) => {
      const { gate } = setup({ concurrency: 3 })
      const running: { readonly one: ReturnType<typeof task>; readonly run: Promise<void> }[] = []
      for (const each of deeds) {
        const one = task(mark('flood', 'calc'))
        const first = running.shift()
        if (each === 'end') first?.one.end()
        else if (first !== undefined) running.unshift(first)
        if (each === 'end') await first?.run
        else if (running.length < 3) {
          void gate.enter(one.record.edge)
          if (each === 'leave') gate.leave(one.record.edge)
          else running.push({ one, run: gate.run(one) })
        } else expect(() => gate.enter(one.record.edge)).toThrow('concurrency')
      }
      for (let each = 0; each < 3; each += 1) expect(gate.enter(mark('acme'))).toBeUndefined()
      expect(() => gate.enter(mark('acme'))).toThrow('concurrency')
    }),
    { numRuns: 50 }
  )
})
