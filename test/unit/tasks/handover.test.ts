import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { handoverMetadata, receiveHandover } from '../../../protocols/a2a/handover.ts'
import type { DelegationEvent } from '../../../tasks/caller/delegation-events.ts'
import { handoverOf, startOf } from '../../../tasks/handover.ts'
import { artifactsIn } from '../../../tasks/task-fold.ts'
import { say } from '../../support/tasks.ts'

const INIT = { taskId: 't', message: say('go'), attempt: 3 }
const textPart = (text: string) => ({ text })
const WORKER = { id: 'p', name: 'birch' }

function piece(text: string, append = true): DelegationEvent {
  const artifact = { artifactId: 'result', parts: [textPart(text)] }
  return { type: 'artifact', artifact, append, lastChunk: false, atMs: 1 }
}

const CHECKPOINT: DelegationEvent = {
  type: 'status',
  state: 'TASK_STATE_WORKING',
  text: 'half of it',
  fraction: 0.5,
  atMs: 1
}

test('all that the last worker said goes along, in order, its text in one piece where nothing comes between', () => {
  const handover = handoverOf([piece('a', false), piece('b'), CHECKPOINT, piece('c')], INIT)
  const [task, text, checkpoint, rest] = handover?.events ?? []
  expect(task?.task).toMatchObject({ id: 't', history: [INIT.message] })
  expect(text?.artifactUpdate?.artifact.parts).toEqual([textPart('ab')])
  expect(checkpoint?.statusUpdate?.status.message?.parts).toEqual([textPart('half of it')])
  expect(rest?.artifactUpdate).toMatchObject({ append: true, artifact: { parts: [textPart('c')] } })
  expect(handover?.attempt).toBe(3)
  expect(artifactsIn(handover?.events ?? [])).toMatchObject([{ artifactId: 'result' }])
})

test('what counts no more is not told', () => {
  const restarted: DelegationEvent = { type: 'restarted', attempt: 2, worker: WORKER, atMs: 1 }
  const { events = [] } =
    handoverOf([piece('old', false), restarted, piece('new', false)], INIT) ?? {}
  expect(artifactsIn(events)).toMatchObject([{ parts: [textPart('new')] }])
})

test('more than one request may carry is not handed over', () => {
  const text = 'x'.repeat(LIMITS.handoverBytes.value)
  expect(handoverOf([piece(text, false)], INIT)).toBeUndefined()
})

test('what travels is what arrives', () => {
  const handover = handoverOf([piece('a', false), CHECKPOINT], INIT)
  if (handover === undefined) throw new TypeError('no handover')
  const wire: unknown = JSON.parse(JSON.stringify(handoverMetadata(handover)))
  expect(receiveHandover(wire as ReturnType<typeof handoverMetadata>)).toEqual(handover)
  expect(receiveHandover({})).toBeUndefined()
})

test.for([
  ['no object', 'all of it'],
  ['no attempt', { events: [] }],
  ['an attempt before the first', { attempt: 0, events: [] }],
  ['no task to begin with', { attempt: 1, events: [] }],
  ['an event that is none', { attempt: 1, events: [{ task: 7 }] }]
] as const)('%s is refused', ([, value]) => {
  const name = 'urn:lumos:a2a:ext:handover:1'
  expect(() => receiveHandover({ [name]: structuredClone(value) as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' })
  )
})

const told = (bytes: number) =>
  handoverMetadata({
    attempt: 1,
    events: [
      { task: { id: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } } },
      {
        artifactUpdate: {
          taskId: 't',
          contextId: 'c',
          artifact: { artifactId: 'result', parts: [textPart('x'.repeat(bytes))] }
        }
      }
    ]
  })

test('more than one request may carry is not taken either, and what is taken counts', () => {
  const resumable = { idempotent: false, resumable: true }
  const { bytes } = startOf(resumable, told(1000))
  expect(bytes).toBeGreaterThan(1000)
  expect(bytes).toBeLessThan(2000)
  expect(startOf({ idempotent: true, resumable: false }, told(1000)).bytes).toBe(0)
  expect(() => startOf(resumable, told(LIMITS.handoverBytes.value))).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' })
  )
})
