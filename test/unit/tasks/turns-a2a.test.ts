/** What a plain A2A client sees of a task that asks. */
import { expect, test } from 'vitest'
import type { StreamResponse } from '../../../core/a2a.ts'
import { positionOf } from '../../../protocols/a2a/extensions.ts'
import type { ServerOptions } from '../../../protocols/a2a/server.ts'
import { askingWorker, CALLER, startWorker, textOfMessage, TRIP } from '../../support/dialogue.ts'
import { collect, say } from '../../support/tasks.ts'

const OPTIONS: ServerOptions = { caller: CALLER, signal: new AbortController().signal }

function request(text: string) {
  return { message: say(text, { taskId: TRIP }) }
}

function statesOf(updates: readonly StreamResponse[]): (string | undefined)[] {
  return updates.map(({ task, statusUpdate }) => (task ?? statusUpdate)?.status.state)
}

test('an A2A client gets an answer to a blocking message when the task asks', async () => {
  const worker = await startWorker()
  const [{ task }] = await Promise.all([
    worker.service.sendMessage({ tenant: 'travel', message: say('a trip') }, OPTIONS),
    worker.pass()
  ])
  expect(task?.status.state).toBe('TASK_STATE_INPUT_REQUIRED')
  const message = say('Rome', { taskId: task?.id ?? '', contextId: task?.contextId ?? '' })
  const [next] = await Promise.all([
    worker.service.sendMessage({ message }, OPTIONS),
    worker.pass()
  ])
  expect(next.task?.status.state).toBe('TASK_STATE_AUTH_REQUIRED')
})

test('an A2A client gets a stream for each message, which ends with the question', async () => {
  const worker = await askingWorker()
  const [first] = await Promise.all([
    collect(worker.service.sendStreamingMessage(request('Rome'), OPTIONS)),
    worker.pass()
  ])
  expect(statesOf(first).at(-1)).toBe('TASK_STATE_AUTH_REQUIRED')
  expect(first[0]?.task?.history?.map(textOfMessage)).toEqual(['a trip', 'where to?', 'Rome'])
  const [second] = await Promise.all([
    collect(worker.service.sendStreamingMessage(request('yes'), OPTIONS)),
    worker.pass()
  ])
  expect(statesOf(second).at(-1)).toBe('TASK_STATE_COMPLETED')
})

test('an A2A client that subscribes hears everything up to the end, over all turns', async () => {
  const worker = await askingWorker()
  const hearing = collect(worker.service.subscribeToTask({ id: TRIP }, OPTIONS))
  await worker.answer('Rome')
  await worker.pass()
  await worker.answer('yes')
  await worker.pass()
  const updates = await hearing
  expect(statesOf(updates).filter(Boolean)).toEqual([
    'TASK_STATE_INPUT_REQUIRED',
    'TASK_STATE_SUBMITTED',
    'TASK_STATE_WORKING',
    'TASK_STATE_AUTH_REQUIRED',
    'TASK_STATE_SUBMITTED',
    'TASK_STATE_WORKING',
    'TASK_STATE_COMPLETED'
  ])
})

test('an A2A client that sends a message again after a cut hears what came behind its position', async () => {
  const worker = await askingWorker()
  await worker.answer('Rome')
  await worker.pass()
  const after = { attempt: 1, seq: 2 }
  const again = await collect(
    worker.service.sendStreamingMessage(request('Rome'), { ...OPTIONS, after })
  )
  expect(again.map(positionOf)).toEqual([2, 3, 4, 5].map((seq) => ({ attempt: 1, seq })))
  expect(statesOf(again).at(-1)).toBe('TASK_STATE_AUTH_REQUIRED')
})

test('an A2A client is refused with the wrong context, agent or caller', async () => {
  const { service } = await askingWorker()
  const message = say('Rome', { taskId: TRIP })
  await expect(
    service.sendMessage({ message: { ...message, contextId: 'x' } }, OPTIONS)
  ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  for (const [more, caller] of [
    [{ tenant: 'other' }, CALLER],
    [{}, 'stranger']
  ] as const) {
    await expect(
      service.sendMessage({ message, ...more }, { ...OPTIONS, caller })
    ).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  }
})
