/** What is pushed of a task that was asked for over HTTP: the events of the outbox, as their owner may see them. */
import { expect, test } from 'vitest'
import type { TaskState } from '../../../../core/a2a.ts'
import { LumosError } from '../../../../core/errors.ts'
import type { DelegationEvent } from '../../../../tasks/caller/delegation-events.ts'
import { createEdgePush, createPushedTasks } from '../../../../tasks/edge/push.ts'
import type { EdgeView } from '../../../../tasks/edge/story.ts'
import { nextNotification } from '../../../../tasks/push/notification.ts'
import type { PushedTask, PushNotifications } from '../../../../tasks/push/notifications.ts'
import { piece, VIEW, WORKER } from '../../../support/edge.ts'

const KEY = { id: 'task', caller: 'http:a' }
const ACCEPTED: DelegationEvent = { type: 'accepted', taskId: 'task', atMs: 0 }
const WORKING: DelegationEvent = { type: 'status', state: 'TASK_STATE_WORKING', atMs: 1 }
const RESTARTED: DelegationEvent = { type: 'restarted', attempt: 2, atMs: 2 }
const LAST: DelegationEvent = {
  type: 'artifact',
  artifact: { artifactId: 'result', parts: [{ text: 'two' }] },
  append: true,
  lastChunk: true,
  atMs: 3
}
const QUESTION: DelegationEvent = { type: 'input-required', auth: false, text: 'who?', atMs: 4 }
const DONE: DelegationEvent = {
  type: 'result',
  taskId: 'task',
  state: 'TASK_STATE_COMPLETED',
  artifacts: [],
  worker: WORKER,
  tookMs: 5,
  firstEventMs: null
}

function delegationsOf(events: readonly DelegationEvent[], more: Partial<EdgeView> = {}) {
  const view: EdgeView = { ...VIEW, ...more }
  return {
    find: async () => view,
    async *watch(): AsyncIterable<DelegationEvent> {
      yield* events
      const ended = events.at(-1)?.type === 'result'
      if (view.error !== undefined && !ended) throw new LumosError('NO_ROUTE')
    }
  }
}

/** Each event as `attempt.seq what`. */
async function toldOf(events: readonly DelegationEvent[], more?: Partial<EdgeView>, from?: number) {
  const told = createPushedTasks(delegationsOf(events, more)).events(KEY, from)
  return (await Array.fromAsync(told)).map(({ attempt, seq, update }) => {
    const { task, statusUpdate, artifactUpdate } = update
    const state = (task ?? statusUpdate)?.status.state.replace('TASK_STATE_', '')
    return `${attempt}.${seq} ${task ? 'task ' : ''}${state ?? artifactUpdate?.artifact.parts[0]?.text}`
  })
}

const ENDED = { state: 'TASK_STATE_COMPLETED' as TaskState }
const WHOLE = ['1.0 task SUBMITTED', '1.1 WORKING', '1.2 one ', '1.3 two', '1.4 COMPLETED']

test('begins with the Task and has the places of streams', async () => {
  const events = [ACCEPTED, WORKING, piece('one '), LAST, DONE]
  expect(await toldOf(events, ENDED)).toEqual(WHOLE)
  expect(await toldOf(events, ENDED, 3)).toEqual(WHOLE.slice(3))
})

test('an attempt replaces the one before', async () => {
  const events = [ACCEPTED, WORKING, piece('one '), RESTARTED, WORKING]
  expect(await toldOf(events)).toEqual(['2.0 task SUBMITTED', '2.1 WORKING'])
})

test('an order without a worker ends all the same', async () => {
  const error = new LumosError('NO_ROUTE').toWire()
  const failed = { state: 'TASK_STATE_FAILED' as const, error }
  expect(await toldOf([], failed)).toEqual(['1.1 task FAILED'])
  const tasks = createPushedTasks(delegationsOf([], failed))
  const next = await nextNotification(tasks, KEY, { after: undefined })
  expect(next).toMatchObject({ kind: 'next', notification: { last: true } })
})

test('the task of another owner is not there', async () => {
  const tasks = createPushedTasks(delegationsOf([ACCEPTED, DONE], ENDED))
  const foreign = { id: 'task', caller: 'http:b' }
  expect(await Array.fromAsync(tasks.events(foreign))).toEqual([])
  expect(await nextNotification(tasks, foreign, { after: undefined })).toEqual({ kind: 'missing' })
})

test('another format has the task as it was then, and says what it had to leave out', async () => {
  const tasks = createPushedTasks(delegationsOf([ACCEPTED, piece('one '), LAST, WORKING]))
  const format = {
    contentType: 'application/json',
    write: (task: object) => ({ kind: 't', ...task })
  }
  const after = { attempt: 1, seq: 0 }
  const next = await nextNotification(tasks, KEY, { after, format })
  const body: unknown = next.kind === 'next' ? JSON.parse(next.notification.body) : undefined
  expect(body).toMatchObject({
    kind: 't',
    status: { state: 'TASK_STATE_SUBMITTED' },
    artifacts: [{ parts: [{ text: 'one two' }] }]
  })
  const large = createPushedTasks(delegationsOf([ACCEPTED, piece('x'.repeat(600_000)), LAST]))
  const cut = await nextNotification(large, KEY, { after, format })
  expect(cut).toMatchObject({
    notification: { body: expect.stringContaining('"incomplete":true') }
  })
})

test.for([
  ['goes on', [ACCEPTED, WORKING], {}, { attempt: 1, seq: 1 }],
  ['has ended', [ACCEPTED, WORKING, DONE], ENDED, { attempt: 1, seq: 1 }],
  ['asks', [ACCEPTED, QUESTION], { question: QUESTION }, { attempt: 1, seq: 0 }],
  ['has told nothing', [], {}, undefined]
] as const)('of a task that %s, a receiver hears from there on', async (given) => {
  const [, events, more, stand] = given
  const created: PushedTask[] = []
  const push: Partial<PushNotifications> = {
    serve: () => undefined,
    stir: () => undefined,
    create: async (task, config) => {
      created.push(task)
      return config
    }
  }
  const delegations = delegationsOf(events, more)
  // Only what is asked of it here.
  const edge = createEdgePush({ delegations, push: push as PushNotifications })
  await edge.create({ ...VIEW, ...more }, { url: 'https://example.org/' })
  expect(created).toEqual([{ key: KEY, tenant: 'echo', stand }])
  await edge.create({ ...VIEW, ...more }, { url: 'https://example.org/' }, { whole: true })
  expect(created[1]?.stand).toBeUndefined()
})

async function place(): Promise<EdgeView> {
  return VIEW
}

test('a node that pushes nothing says so, and takes what asks for no pushes', async () => {
  const edge = createEdgePush({ delegations: delegationsOf([]), push: undefined })
  await edge.start()
  const request = { message: { messageId: 'm', role: 'ROLE_USER' as const, parts: [] } }
  await expect(edge.placed(request, { owner: 'http:a' }, place)).resolves.toBe(VIEW)
  const configuration = { taskPushNotificationConfig: { url: 'https://example.org/' } }
  const refused = edge.placed({ ...request, configuration }, { owner: 'http:a' }, place)
  await expect(refused).rejects.toMatchObject({ code: 'PUSH_NOT_SUPPORTED' })
  await expect(edge.list(VIEW)).rejects.toMatchObject({ code: 'PUSH_NOT_SUPPORTED' })
  await edge.stop()
})
