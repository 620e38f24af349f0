import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { TaskState } from '../../../../core/a2a.ts'
import { turnMetadata } from '../../../../protocols/a2a/turn.ts'
import { recover } from '../../../../tasks/worker/recovery.ts'
import type { TaskEvent } from '../../../../tasks/worker/task-store.ts'
import { say } from '../../../support/tasks.ts'
import { event, record } from '../../../contract/task-store.contract.ts'

const TASK = record(1)
const NEITHER = { idempotent: false, resumable: false }
const IDEMPOTENT = { idempotent: true, resumable: false }
const RESUMABLE = { idempotent: false, resumable: true }

function logOf(states: readonly TaskState[], attempt = 1): TaskEvent[] {
  return states.map((state, seq) => event(TASK, { attempt, seq, state }))
}

const WAITING = logOf(['TASK_STATE_SUBMITTED'])
const BEGUN = logOf(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING'])

function outcome(events: readonly TaskEvent[], traits: typeof NEITHER | undefined, now = 1) {
  const recovery = recover({ record: TASK, events, traits, now })
  if (recovery === 'waits') throw new Error('it was not interrupted')
  return recovery
}

test('what had not begun begins, whatever the agent is', () => {
  for (const traits of [NEITHER, IDEMPOTENT, RESUMABLE]) {
    expect(outcome(WAITING, traits)).toEqual({ attempt: 2, artifacts: [], history: [] })
  }
})

test('what does no harm twice is done again', () => {
  expect(outcome(BEGUN, IDEMPOTENT)).toEqual({ attempt: 2, artifacts: [], history: [] })
})

test('an agent that can go on is given what it said', () => {
  const said = {
    attempt: 1,
    seq: 2,
    at: 2,
    update: {
      artifactUpdate: {
        taskId: TASK.id,
        contextId: TASK.contextId,
        artifact: { artifactId: 'result', parts: [{ text: 'half' }] }
      }
    }
  }
  const { artifacts, resumed, error } = outcome([...BEGUN, said], RESUMABLE)
  expect(error).toBeUndefined()
  expect(artifacts).toEqual([{ artifactId: 'result', parts: [{ text: 'half' }] }])
  expect(resumed).toMatchObject({ attempt: 1, events: [{}, {}, said.update] })
})

test('what may have done harm ends, and says so', () => {
  expect(outcome(BEGUN, NEITHER).error).toMatchObject({
    code: 'TASK_INTERRUPTED',
    details: { maybeExecuted: true }
  })
})

test('a task of an agent that is not here any more ends', () => {
  expect(outcome(WAITING, undefined).error).toMatchObject({
    code: 'TASK_INTERRUPTED',
    details: { maybeExecuted: false }
  })
})

test('a task whose time has passed meanwhile is not begun again', () => {
  expect(outcome(BEGUN, IDEMPOTENT, TASK.deadlineAt).error).toMatchObject({ code: 'TIMED_OUT' })
})

test('what ends its process every time is given up', () => {
  const last = logOf(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING'], LIMITS.taskAttempts.value)
  expect(outcome(last, IDEMPOTENT).error).toMatchObject({ code: 'TASK_INTERRUPTED' })
})

test('a dialogue whose last answer was not worked on goes on with it, whatever ran before', () => {
  const asked = logOf(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', 'TASK_STATE_INPUT_REQUIRED'])
  const turn = event(TASK, { attempt: 1, seq: 3, state: 'TASK_STATE_SUBMITTED' })
  const { statusUpdate } = turn.update
  if (statusUpdate === undefined) throw new Error('no update')
  const metadata = turnMetadata(say('Rome'))
  const answered = { ...turn, update: { statusUpdate: { ...statusUpdate, metadata } } }
  const { error, history } = outcome([...asked, answered], NEITHER)
  expect(error).toBeUndefined()
  expect(history.at(-1)).toMatchObject({ parts: [{ text: 'Rome' }] })
})

test('a task that waits for its caller was not interrupted', () => {
  const asked = logOf(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', 'TASK_STATE_INPUT_REQUIRED'])
  for (const traits of [NEITHER, IDEMPOTENT, RESUMABLE]) {
    expect(recover({ record: TASK, events: asked, traits, now: 1 })).toBe('waits')
  }
  expect(outcome(asked, undefined).error).toMatchObject({ code: 'TASK_INTERRUPTED' })
})
