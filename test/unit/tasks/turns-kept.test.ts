/** A further message to a task is heard once, on disk before it is acknowledged, and survives the power. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { errorOf } from '../../../protocols/a2a/extensions.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { COLLECT_INTERVAL_MS } from '../../../tasks/worker/engine.ts'
import { askingWorker, CALLER, startWorker, textOfMessage, TRIP } from '../../support/dialogue.ts'
import { collect, say } from '../../support/tasks.ts'
import type { TestAgent } from '../../support/tasks.ts'

/** Says which run it is, and hangs in the `n`-th. */
function stuckAfter(n: number): TestAgent {
  return async function* ({ history, signal }) {
    const run = (history.length + 1) / 2
    yield `run ${run} `
    if (run < n) yield { type: 'input-required', text: 'where to?' }
    else await new Promise((_, reject) => signal.addEventListener('abort', reject))
  }
}

test('a further message is refused when the task does not wait for it', async () => {
  const worker = await askingWorker()
  await worker.answer('Rome')
  await worker.pass()
  await worker.answer('yes')
  await worker.pass()
  await expect(worker.answer('and?')).rejects.toMatchObject({ code: 'UNSUPPORTED_OPERATION' })
})

test('a further message that is sent twice is heard once, also when both arrive at once', async () => {
  const worker = await askingWorker()
  await Promise.all([worker.answer('Rome'), worker.answer('Rome')])
  await worker.pass()
  await worker.answer('Rome')
  expect(worker.runs).toBe(2)
  expect((await worker.task()).history).toHaveLength(3)
})

test('a further message is in conflict with another one of its id', async () => {
  const worker = await askingWorker()
  await worker.answer('Rome', { messageId: 'm1' })
  await expect(worker.answer('Oslo', { messageId: 'm1' })).rejects.toMatchObject({
    code: 'TASK_CONFLICT'
  })
  await expect(worker.answer('Oslo', { messageId: 'm-a trip' })).rejects.toMatchObject({
    code: 'TASK_CONFLICT'
  })
})

test('a further message is one of two different ones that arrive at once', async () => {
  const worker = await askingWorker()
  const both = await Promise.allSettled([worker.answer('Rome'), worker.answer('Oslo')])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

test('a further message is refused as long as there is no room for it, and the task waits on', async () => {
  const worker = await askingWorker()
  const huge = say('x', { parts: [{ text: 'x'.repeat(LIMITS.messageBytes.value) }] })
  const key = { caller: CALLER, id: TRIP }
  await expect(worker.engine.answer(key, huge)).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE'
  })
  expect(worker.engine.load()).toBe(0)
  await worker.answer('Rome')
  await worker.pass()
  expect((await worker.task()).status.state).toBe('TASK_STATE_AUTH_REQUIRED')
})

test('a further message is not acknowledged before it is on disk', async () => {
  const gate = Promise.withResolvers<undefined>()
  let slow = false
  const disk = createMemoryStore({ commit: () => (slow ? gate.promise : undefined) })
  const worker = await askingWorker({ disk })
  slow = true
  const acknowledged = vi.fn()
  const answered = worker.answer('Rome').then(acknowledged)
  await worker.pass()
  expect(acknowledged).not.toHaveBeenCalled()
  gate.resolve(undefined)
  await answered
  expect(acknowledged).toHaveBeenCalledTimes(1)
})

test('a further message that the disk does not take is not acknowledged, and can be sent again', async () => {
  let full = false
  const disk = createMemoryStore({ commit: () => (full ? 'full' : undefined) })
  const worker = await askingWorker({ disk })
  full = true
  await expect(worker.answer('Rome')).rejects.toMatchObject({ code: 'STORE_FULL' })
  full = false
  await disk.recover()
  await worker.pass(COLLECT_INTERVAL_MS)
  expect((await worker.task()).status.state).toBe('TASK_STATE_INPUT_REQUIRED')
  await worker.answer('Rome')
  await worker.pass()
  expect((await worker.task()).status.state).toBe('TASK_STATE_AUTH_REQUIRED')
})

test('after a power failure a task that waits still waits, in the same attempt', async () => {
  const worker = await askingWorker()
  await worker.crash()
  expect(await worker.task()).toMatchObject({
    status: { state: 'TASK_STATE_INPUT_REQUIRED', message: { parts: [{ text: 'where to?' }] } }
  })
  expect(worker.runs).toBe(1)
  await worker.answer('Rome')
  await worker.pass()
  await worker.crash()
  const { view } = await worker.answer('yes')
  await worker.pass()
  expect(view.snapshot().artifacts).toMatchObject([{ parts: [{ text: 'Rome, yes' }] }])
  const events = await collect(view.events())
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, seq) => seq))
})

/** Each lets another part of what was not asked to survive be lost. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

test.for(SEEDS)(
  'after a power failure a question that was heard still stands (%i)',
  async (seed) => {
    const worker = await startWorker()
    const { view } = await worker.begin()
    const heard = Promise.withResolvers<void>()
    const reading = (async () => {
      for await (const { update } of view.events()) {
        if (update.statusUpdate?.status.state === 'TASK_STATE_INPUT_REQUIRED') heard.resolve()
      }
    })().catch(() => {})
    await heard.promise
    await worker.crash(0, seed)
    await reading
    expect((await worker.task()).status.state).toBe('TASK_STATE_INPUT_REQUIRED')
  }
)

test.for(SEEDS)(
  'after a power failure an acknowledged message is given to the agent (%i)',
  async (seed) => {
    // Nothing that it says later may bring the message to the disk.
    const agent = stuckAfter(2)
    const worker = await askingWorker({ agent, traits: { idempotent: true, resumable: false } })
    await worker.answer('Rome')
    await worker.crash(0, seed)
    const task = await worker.task()
    expect(task.status.state).toBe('TASK_STATE_WORKING')
    expect(task.history?.map(textOfMessage)).toEqual(['a trip', 'where to?', 'Rome'])
    await worker.answer('Rome')
    expect((await worker.task()).history).toHaveLength(3)
  }
)

test('after a power failure an agent that may do harm is not run again in the middle of its second run', async () => {
  const worker = await askingWorker({ agent: stuckAfter(2) })
  await worker.answer('Rome')
  await worker.pass()
  await worker.crash()
  const task = await worker.task()
  expect(errorOf(task.status)).toMatchObject({
    code: 'TASK_INTERRUPTED',
    details: { maybeExecuted: true }
  })
  expect(task.history?.map(textOfMessage)).toEqual(['a trip', 'where to?', 'Rome'])
})

test('after a power failure an idempotent agent repeats its second run only, with what it said in the first', async () => {
  const agent = vi.fn<TestAgent>(stuckAfter(2))
  const worker = await askingWorker({ agent, traits: { idempotent: true, resumable: false } })
  await worker.answer('Rome')
  await worker.pass()
  await worker.crash()
  await worker.pass(LIMITS.deltaDelay.value)
  expect(agent.mock.lastCall?.[0].history.map(textOfMessage)).toEqual([
    'a trip',
    'where to?',
    'Rome'
  ])
  expect((await worker.task()).artifacts).toMatchObject([{ parts: [{ text: 'run 1 run 2 ' }] }])
})

test('after a power failure a resumable agent is given the events of both runs', async () => {
  const agent = vi.fn<TestAgent>(stuckAfter(2))
  const worker = await askingWorker({ agent, traits: { idempotent: false, resumable: true } })
  await worker.answer('Rome')
  await worker.pass()
  await worker.crash()
  const work = agent.mock.lastCall?.[0]
  expect(work?.resumed?.events.some(({ statusUpdate }) => statusUpdate?.status.message)).toBe(true)
  expect(work?.history).toHaveLength(3)
})

test('after a power failure a deadline that passed meanwhile ends a task that waited', async () => {
  const worker = await startWorker()
  await worker.begin(60_000)
  await worker.pass()
  await worker.crash(60_000)
  expect(errorOf((await worker.task()).status)).toMatchObject({ code: 'TIMED_OUT' })
  expect((await worker.task()).history?.map(textOfMessage)).toEqual(['a trip', 'where to?'])
})
