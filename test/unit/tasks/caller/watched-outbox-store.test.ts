import { expect, test } from 'vitest'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import type { OutboxRecord } from '../../../../tasks/caller/outbox-store.ts'
import { watchOutboxStore } from '../../../../tasks/caller/watched-outbox-store.ts'
import { openOutbox } from '../../../support/delegations.ts'
import { say } from '../../../support/tasks.ts'

const EDGE = { owner: 'http:a', agent: 'echo', contextId: 'c' }

function record(taskId: string, more: Partial<OutboxRecord> = {}): OutboxRecord {
  const order = { taskId, target: '@echo', message: say('go'), where: 'any' as const }
  return { order, payloadHash: 'h', createdAt: 1, ...more }
}

async function setup() {
  const store = createMemoryStore()
  const seen: string[] = []
  const open = async () =>
    watchOutboxStore(await openOutbox(store), ({ id, edge, agent, state }) => {
      seen.push(`${edge?.owner ?? agent} ${id} ${state.replace('TASK_STATE_', '')}`)
    })
  return { open, seen, outbox: await open() }
}

test('each new state of a task is told once, when it is kept', async () => {
  const { outbox, seen } = await setup()
  await outbox.add(record('t', { edge: EDGE }))
  await outbox.add(record('own'))
  const working = { type: 'status', state: 'TASK_STATE_WORKING', atMs: 1 } as const
  await outbox.tell('t', [{ number: 0, event: working }], false)
  await outbox.tell('t', [{ number: 1, event: working }], false)
  await outbox.tell('own', [{ number: 0, event: working }], false)
  const question = { type: 'input-required', auth: false, text: '?', atMs: 2 } as const
  await outbox.tell('t', [{ number: 2, event: question }], false)
  await outbox.end('t', { state: 'TASK_STATE_COMPLETED', updatedAt: 3, tookMs: 2, edge: EDGE })
  expect(seen).toEqual([
    'http:a t SUBMITTED',
    'echo own SUBMITTED',
    'http:a t WORKING',
    'echo own WORKING',
    'http:a t INPUT_REQUIRED',
    'http:a t COMPLETED'
  ])
})

test('what an earlier process began is told of, too', async () => {
  const { open, outbox, seen } = await setup()
  await outbox.add(record('t', { edge: EDGE }))
  const next = await open()
  expect(await next.open()).toHaveLength(1)
  await next.end('t', { state: 'TASK_STATE_FAILED', updatedAt: 3, tookMs: 2, edge: EDGE })
  expect(seen.at(-1)).toBe('http:a t FAILED')
})
