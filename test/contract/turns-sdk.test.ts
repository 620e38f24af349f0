/** What a plain A2A client reads of a dialogue: every document of it is one that the SDK reads, too. */
import { StreamResponse, Task } from '@a2a-js/sdk'
import { expect, test } from 'vitest'
import { encode } from '../../protocols/a2a/codec.ts'
import { askingWorker, CALLER, TRIP } from '../support/dialogue.ts'
import { collect } from '../support/tasks.ts'

function wireOf(document: object): unknown {
  return JSON.parse(new TextDecoder().decode(encode(document)))
}

test('the SDK reads the events and the task of a dialogue without loss', async () => {
  const worker = await askingWorker()
  const options = { caller: CALLER, signal: new AbortController().signal }
  const hearing = collect(worker.service.subscribeToTask({ id: TRIP }, options))
  await worker.answer('Rome')
  await worker.pass()
  const waiting = await worker.service.getTask({ id: TRIP }, options)
  await worker.answer('yes')
  await worker.pass()
  const updates = await hearing
  expect(updates.length).toBeGreaterThan(6)
  for (const update of updates.map(wireOf)) {
    expect(StreamResponse.toJSON(StreamResponse.fromJSON(update))).toEqual(update)
  }
  const task = wireOf(waiting)
  expect(Task.toJSON(Task.fromJSON(task))).toEqual(task)
  expect(task).toMatchObject({
    status: { state: 'TASK_STATE_AUTH_REQUIRED', message: { role: 'ROLE_AGENT' } },
    history: [{ role: 'ROLE_USER' }, { role: 'ROLE_AGENT' }, { role: 'ROLE_USER' }]
  })
})
