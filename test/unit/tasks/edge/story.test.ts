/** The story of a task in A2A: what counts has a place, and the places are the same after a crash. */
import { expect, test } from 'vitest'
import type { DelegationEvent } from '../../../../tasks/caller/delegation-events.ts'
import { EdgeStory, taskOf } from '../../../../tasks/edge/story.ts'
import { piece, VIEW, WORKER } from '../../../support/edge.ts'
import { say } from '../../../support/tasks.ts'

const LOST = { code: 'SESSION_CLOSED', message: 'closed' }
const RESULT: DelegationEvent = {
  type: 'result',
  taskId: 'task',
  state: 'TASK_STATE_COMPLETED',
  artifacts: [],
  worker: WORKER,
  tookMs: 5,
  firstEventMs: 1
}

/** The places of all updates that the events tell. */
function placesOf(events: readonly DelegationEvent[]): string[] {
  const story = new EdgeStory(VIEW)
  return events.flatMap((event) => {
    const update = story.take(event)
    return update === undefined ? [] : [`${story.place.attempt}.${story.place.seq}`]
  })
}

test('what happened on the way to a worker takes no place', () => {
  const away: DelegationEvent[] = [
    { type: 'waiting', worker: WORKER, error: LOST, atMs: 2 },
    { type: 'resumed', worker: WORKER, atMs: 3 }
  ]
  const plain = [piece('a'), piece('b'), RESULT]
  expect(placesOf([piece('a'), ...away, piece('b'), RESULT])).toEqual(placesOf(plain))
  expect(placesOf(plain)).toEqual(['1.1', '1.2', '1.3'])
})

test('an agent that begins anew begins a new attempt, whose Task has nothing of the one before', () => {
  const story = new EdgeStory(VIEW)
  story.take(piece('void'))
  const update = story.take({ type: 'restarted', attempt: 2, atMs: 3 })
  expect(story.place).toEqual({ attempt: 2, seq: 0 })
  expect(update?.task).toMatchObject({ id: 'task', history: [say('go')] })
  expect(update?.task).not.toHaveProperty('artifacts')
  story.take(piece('new'))
  expect(story.snapshot().artifacts).toEqual([{ artifactId: 'result', parts: [{ text: 'new' }] }])
})

test('a question is the status, and belongs to the history once it is answered', () => {
  const story = new EdgeStory(VIEW)
  story.take({ type: 'input-required', auth: false, text: 'where to?', atMs: 1 })
  expect(story.snapshot().status).toMatchObject({
    state: 'TASK_STATE_INPUT_REQUIRED',
    message: { role: 'ROLE_AGENT', parts: [{ text: 'where to?' }] }
  })
  expect(story.snapshot().history).toHaveLength(1)
  story.take({ type: 'answered', message: say('Oslo'), atMs: 2 })
  expect(story.snapshot().history?.map(({ parts }) => parts[0]?.text)).toEqual([
    'go',
    'where to?',
    'Oslo'
  ])
})

test('a failure is told in words, and as the error that it was', () => {
  const error = { code: 'TASK_FAILED', message: 'it failed', details: { task: 'task' } }
  const state = 'TASK_STATE_FAILED' as const
  const story = new EdgeStory(VIEW)
  const told = story.take({ ...RESULT, state, error })?.statusUpdate?.status
  const read = taskOf({ ...VIEW, state, error }, {}).status
  for (const status of [told, read]) {
    expect(status).toMatchObject({ state, message: { parts: [{ text: 'it failed' }] } })
    expect(JSON.stringify(status)).toContain('TASK_FAILED')
  }
})

test('as much of the history is read as is asked for', () => {
  const history = [say('one'), say('two'), say('three')]
  const lengths = [undefined, 0, 1, 5].map(
    (historyLength) => taskOf({ ...VIEW, history }, { historyLength }).history?.length
  )
  expect(lengths).toEqual([3, undefined, 1, 3])
})
