/** A task that asks its caller waits on disk, and its agent is given all that was said. */
import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { errorOf, positionOf } from '../../../../protocols/a2a/extensions.ts'
import { OPEN_GATE } from '../../../../tasks/worker/permission.ts'
import {
  askingWorker,
  CALLER,
  startWorker,
  textOfMessage,
  travel,
  TRIP
} from '../../../support/dialogue.ts'
import { collect, say } from '../../../support/tasks.ts'
import type { TestAgent } from '../../../support/tasks.ts'

test('a task that asks waits with its question, and holds no place meanwhile', async () => {
  const worker = await askingWorker()
  expect(await worker.task()).toMatchObject({
    status: { state: 'TASK_STATE_INPUT_REQUIRED', message: { parts: [{ text: 'where to?' }] } },
    history: [{ parts: [{ text: 'a trip' }] }]
  })
  expect(worker.engine.load()).toBe(0)
  expect(worker.engine.counts().running).toBe(1)
})

test('a task that asks gives its agent all that was said, and ends when the agent does', async () => {
  const agent = vi.fn<TestAgent>(travel)
  const worker = await askingWorker({ agent })
  await worker.answer('Rome')
  await worker.pass()
  expect((await worker.task()).status.state).toBe('TASK_STATE_AUTH_REQUIRED')
  await worker.answer('yes')
  await worker.pass()
  const task = await worker.task()
  expect(task.status.state).toBe('TASK_STATE_COMPLETED')
  expect(task.artifacts).toMatchObject([{ parts: [{ text: 'Rome, yes' }] }])
  const said = ['a trip', 'where to?', 'Rome', 'may I pay?', 'yes']
  expect(task.history?.map(textOfMessage)).toEqual(said)
  const work = agent.mock.lastCall?.[0]
  expect(work?.history.map(textOfMessage)).toEqual(said)
  expect(work?.message).toMatchObject({ parts: [{ text: 'yes' }], taskId: TRIP })
})

test('a task that asks numbers its events without a gap over all turns', async () => {
  const worker = await askingWorker()
  const { view } = await worker.answer('Rome')
  await worker.pass()
  await worker.answer('yes')
  const updates = (await collect(view.events())).map(({ update }) => update)
  expect(updates.map(positionOf)).toEqual(updates.map((_, seq) => ({ attempt: 1, seq })))
})

test('a task that asks says no more after its question', async () => {
  const cleaned = vi.fn()
  const worker = await askingWorker({
    async *agent() {
      try {
        yield { type: 'input-required', text: 'where to?' }
        yield 'never heard'
      } finally {
        cleaned()
      }
    }
  })
  expect(await worker.task()).not.toHaveProperty('artifacts')
  expect(cleaned).toHaveBeenCalledTimes(1)
})

test('a task that asks goes on with its text where it was before the question', async () => {
  const worker = await askingWorker({
    async *agent({ history }) {
      yield history.length === 1 ? 'one ' : 'two'
      if (history.length === 1) yield { type: 'input-required', text: 'more?' }
    }
  })
  const { view, settled } = await worker.answer('yes')
  await settled
  expect(view.snapshot().artifacts).toMatchObject([{ parts: [{ text: 'one two' }] }])
  const chunks = (await collect(view.events())).flatMap(({ update }) => update.artifactUpdate ?? [])
  expect(chunks.map(({ lastChunk = false }) => lastChunk)).toEqual([false, true])
})

test('a task that asks is cancelled at once', async () => {
  const worker = await askingWorker()
  const task = await worker.engine.cancel({ caller: CALLER, id: TRIP })
  expect(task.status.state).toBe('TASK_STATE_CANCELED')
  expect(task.history?.map(textOfMessage)).toEqual(['a trip', 'where to?'])
  expect(worker.runs).toBe(1)
})

test('a task that asks ends at its deadline, which counts from the first message', async () => {
  const worker = await startWorker()
  await worker.begin(60_000)
  await worker.pass(30_000)
  await worker.answer('Rome')
  await worker.pass(29_999)
  expect((await worker.task()).status.state).toBe('TASK_STATE_AUTH_REQUIRED')
  await worker.pass(1)
  expect(errorOf((await worker.task()).status)).toMatchObject({
    code: 'TIMED_OUT',
    details: { maybeExecuted: true }
  })
})

test('a task that asks fails when too many of its caller wait already', async () => {
  const worker = await startWorker()
  const waiting = LIMITS.tasksWaitingPerPeer.value
  for (let count = 0; count < waiting; count += 1) {
    await worker.engine.submit(CALLER, { agentId: 'travel', message: say(`trip ${count}`) })
  }
  await worker.pass()
  await worker.begin()
  await worker.pass()
  expect(errorOf((await worker.task()).status)).toMatchObject({ code: 'OVERLOADED' })
})

test('what a caller adds to its tasks is never refused for want of room, and counts for others, also after a restart', async () => {
  const worker = await askingWorker({ init: { heldBytesPerPeer: () => 100 } })
  const more = () => worker.engine.submit(CALLER, { agentId: 'travel', message: say('more') })
  await worker.answer('x'.repeat(6000), { messageId: 'x' })
  await worker.pass()
  await expect(more()).rejects.toMatchObject({ code: 'OVERLOADED' })
  await worker.crash()
  await expect(more()).rejects.toMatchObject({ code: 'OVERLOADED' })
  await worker.answer('y'.repeat(6000), { messageId: 'y' })
  await worker.pass()
  expect((await worker.task()).status.state).toBe('TASK_STATE_COMPLETED')
  await more()
})

test('a caller that may ask for nothing any more cannot go on with what it had begun', async () => {
  let mayAsk = true
  const gate = {
    ...OPEN_GATE,
    checkTurn() {
      if (!mayAsk) throw new LumosError('FORBIDDEN')
    }
  }
  const worker = await askingWorker({ init: { gate } })
  mayAsk = false
  await expect(worker.answer('Rome')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect((await worker.task()).status.state).toBe('TASK_STATE_INPUT_REQUIRED')
  mayAsk = true
  await worker.answer('Rome')
  mayAsk = false
  // Its acknowledgement was lost: the same answer again says nothing more.
  await worker.answer('Rome')
})
