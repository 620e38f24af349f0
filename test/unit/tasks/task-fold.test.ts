import { expect, test } from 'vitest'
import type { StreamResponse } from '../../../core/a2a.ts'
import { createTaskFold } from '../../../tasks/task-fold.ts'
import { say } from '../../support/tasks.ts'

const STATUS = { state: 'TASK_STATE_WORKING' } as const

function chunk(text: string, append: boolean, artifactId = 'result'): StreamResponse {
  const artifact = { artifactId, parts: [{ text }] }
  return { artifactUpdate: { taskId: 't', contextId: 'c', artifact, append } }
}

function setup() {
  const fold = createTaskFold()
  fold.apply({ task: { id: 't', contextId: 'c', status: STATUS, history: [say('1'), say('2')] } })
  return fold
}

test('appended text grows one part; other parts stay parts of their own', () => {
  const fold = setup()
  fold.apply(chunk('a', false))
  fold.apply(chunk('b', true))
  const artifact = { artifactId: 'result', parts: [{ url: 'x:y' }, { text: 'c' }] }
  fold.apply({ artifactUpdate: { taskId: 't', contextId: 'c', artifact, append: true } })
  fold.apply(chunk('d', true))
  expect(fold.artifacts()).toEqual([
    { artifactId: 'result', parts: [{ text: 'ab' }, { url: 'x:y' }, { text: 'cd' }] }
  ])
})

test('an artifact that does not append replaces the one of its id', () => {
  const fold = setup()
  fold.apply(chunk('old', false))
  fold.apply(chunk('new', false))
  expect(fold.artifacts()).toEqual([{ artifactId: 'result', parts: [{ text: 'new' }] }])
})

test('a whole task replaces everything', () => {
  const fold = setup()
  fold.apply(chunk('partial', false))
  fold.apply({ task: { id: 't', contextId: 'c', status: STATUS } })
  expect(fold.snapshot()).toEqual({ id: 't', contextId: 'c', status: STATUS })
})

test('snapshots have as much history as was asked for', () => {
  const fold = setup()
  expect(fold.snapshot()?.history).toHaveLength(2)
  expect(fold.snapshot({ historyLength: 1 })?.history).toEqual([say('2')])
  expect(fold.snapshot({ historyLength: 0 })?.history).toBeUndefined()
})

test('a snapshot does not change when more events come', () => {
  const fold = setup()
  fold.apply(chunk('a', false))
  const before = fold.snapshot()
  fold.apply(chunk('b', true))
  expect(before?.artifacts?.[0]?.parts).toEqual([{ text: 'a' }])
})

test('too many artifacts are refused', () => {
  const fold = setup()
  for (let i = 0; i < 256; i += 1) fold.apply(chunk('x', false, `artifact-${i}`))
  expect(() => fold.apply(chunk('x', false, 'one more'))).toThrow('exceed')
})
