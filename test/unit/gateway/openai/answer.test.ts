import { expect, test } from 'vitest'
import { HIDDEN_MEDIA_TYPE } from '../../../../core/a2a.ts'
import type { Artifact, Part, StreamResponse, TaskState } from '../../../../core/a2a.ts'
import type { AgentStep } from '../../../../core/agent-step.ts'
import { toolCallsPart } from '../../../../core/chat-request.ts'
import { Answer } from '../../../../gateway/openai/answer.ts'
import { ToldText } from '../../../../gateway/openai/told-text.ts'
import {
  errorMetadata,
  errorOf,
  progressMetadata,
  stepOf
} from '../../../../protocols/a2a/extensions.ts'
import { turnMetadata, turnOf } from '../../../../protocols/a2a/turn.ts'

const NAMES = { taskId: 'task', contextId: 'context' }
const USER = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'go' }] }

function newAnswer(): Answer {
  return new Answer({ stepOf, errorOf, turnOf })
}

function begin(artifacts: readonly Artifact[] = []): StreamResponse {
  const { taskId: id, contextId } = NAMES
  return { task: { id, contextId, status: { state: 'TASK_STATE_SUBMITTED' }, artifacts } }
}

function artifact(artifactId: string, parts: readonly Part[], append = false): StreamResponse {
  return { artifactUpdate: { ...NAMES, artifact: { artifactId, parts }, append } }
}

function text(piece: string, id = 'result'): StreamResponse {
  return artifact(id, [{ text: piece }], true)
}

function status(state: TaskState, more: { text?: string; metadata?: object } = {}): StreamResponse {
  const { text: said = '', metadata } = more
  const message = {
    messageId: 's',
    role: 'ROLE_AGENT' as const,
    parts: [{ text: said }],
    ...(metadata && { metadata: { ...metadata } })
  }
  return { statusUpdate: { ...NAMES, status: { state, message } } }
}

function step(what: AgentStep): StreamResponse {
  return status('TASK_STATE_WORKING', { metadata: progressMetadata({ step: what }) ?? {} })
}

function usage(inputTokens: number, outputTokens: number): StreamResponse {
  return step({ kind: 'usage', step: 1, model: 'm', inputTokens, outputTokens })
}

function stepEnd(finish: string): StreamResponse {
  return step({ kind: 'step-end', step: 1, finish, tookMs: 1 })
}

function takeAll(answer: Answer, updates: readonly StreamResponse[]): (string | undefined)[] {
  return updates.map((update) => answer.take(update))
}

test('pieces that are added make the text, with a gap between artifacts', () => {
  const answer = newAnswer()
  const pieces = takeAll(answer, [
    begin(),
    text('one'),
    text(' two'),
    artifact('empty', []),
    artifact('data', [{ data: { a: 1 } }]),
    text('three', 'third'),
    text(' four', 'third'),
    status('TASK_STATE_INPUT_REQUIRED', { text: 'five?' })
  ])
  expect(answer.text).toBe('one two\n\n{"a":1}\n\nthree four\n\nfive?')
  expect(pieces.join('')).toBe(answer.text)
})

test('files are links', () => {
  const answer = newAnswer()
  takeAll(answer, [
    begin(),
    artifact('picture', [{ url: 'https://a.example/b.png', mediaType: 'image/png' }]),
    artifact('file', [{ raw: 'aGk=', filename: 'a](b).txt' }])
  ])
  expect(answer.text).toBe(
    '![image/png](https://a.example/b.png)\n\n[a (b).txt](data:application/octet-stream;base64,aGk=)'
  )
})

test('what replaces an artifact, or comes to an older one, makes another text', () => {
  const answer = newAnswer()
  takeAll(answer, [begin(), text('a'), text('b', 'second')])
  expect(answer.take(text('A'))).toBeUndefined()
  expect(answer.text).toBe('aA\n\nb')
  expect(answer.take(artifact('second', [{ text: 'B' }]))).toBeUndefined()
  expect(answer.text).toBe('aA\n\nB')
  expect(answer.take(text('!', 'second'))).toBe('!')
  expect(answer.text).toBe('aA\n\nB!')
})

test('a question has all that belongs to it, but what its agent keeps in it', () => {
  const answer = newAnswer()
  const parts: Part[] = [
    { text: 'Sign in?' },
    { url: 'https://a.example/in', filename: 'here' },
    { data: { state: 1 }, mediaType: HIDDEN_MEDIA_TYPE }
  ]
  const message = { messageId: 's', role: 'ROLE_AGENT' as const, parts }
  const state = 'TASK_STATE_AUTH_REQUIRED' as const
  takeAll(answer, [begin(), { statusUpdate: { ...NAMES, status: { state, message } } }])
  expect(answer.text).toBe('Sign in?\n\n[here](https://a.example/in)')
})

test('calls of tools are no text', () => {
  const answer = newAnswer()
  const calls = [{ id: 'c', name: 'look', arguments: '{}' }]
  takeAll(answer, [begin(), text('I look.'), artifact('calls', [toolCallsPart(calls)])])
  expect(answer.text).toBe('I look.')
  expect(answer.toolCalls).toEqual(calls)
})

test('what models read and wrote is added up, over attempts, too', () => {
  const answer = newAnswer()
  expect(answer.usage).toEqual({ input: 0, output: 0 })
  takeAll(answer, [begin(), usage(5, 1), stepEnd('tool_calls'), begin(), usage(7, 2)])
  takeAll(answer, [stepEnd('length')])
  expect(answer.usage).toEqual({ input: 12, output: 3 })
  expect(answer.finish).toBe('length')
})

test('nobody says what was used where a server does not count', () => {
  const answer = newAnswer()
  takeAll(answer, [begin(), stepEnd('stop')])
  expect(answer.usage).toBeUndefined()
})

test('with the next message of its caller another answer begins', () => {
  const answer = newAnswer()
  takeAll(answer, [begin(), text('Where to?'), usage(5, 1)])
  takeAll(answer, [status('TASK_STATE_INPUT_REQUIRED', { text: 'Well?' })])
  expect(answer.question).toBe('Well?')
  const taken = status('TASK_STATE_SUBMITTED')
  const metadata = turnMetadata(USER)
  takeAll(answer, [
    {
      statusUpdate: {
        ...NAMES,
        ...taken.statusUpdate,
        status: { state: 'TASK_STATE_SUBMITTED' },
        metadata
      }
    }
  ])
  takeAll(answer, [text('Rome.')])
  expect(answer).toMatchObject({ text: 'Rome.', turn: 2, question: undefined })
  expect(answer.usage).toEqual({ input: 0, output: 0 })
})

test.each([
  [status('TASK_STATE_CANCELED'), 'CANCELLED'],
  [status('TASK_STATE_REJECTED', { text: 'no' }), 'TASK_REFUSED'],
  [status('TASK_STATE_FAILED', { text: 'oh' }), 'TASK_FAILED'],
  [
    status('TASK_STATE_FAILED', {
      metadata: errorMetadata({ code: 'MODEL_LIMITED', message: '' })
    }),
    'MODEL_LIMITED'
  ]
])('a task that ends without an answer tells why', (update, code) => {
  const answer = newAnswer()
  takeAll(answer, [begin(), update])
  expect(answer.failure()).toMatchObject({ code })
})

test('an agent that begins anew and says the same is heard once', () => {
  const answer = newAnswer()
  const told = new ToldText()
  const updates = [begin(), text('one '), text('two '), begin(), text('one '), text('two three')]
  const pieces = updates.map((update) => told.next(answer, answer.take(update)))
  expect(pieces.join('')).toBe('one two three')
  expect(pieces.join('')).toBe(answer.text)
})

test('one that then says something else cannot be told as a stream', () => {
  const answer = newAnswer()
  const told = new ToldText()
  for (const update of [begin(), text('one '), begin()]) told.next(answer, answer.take(update))
  const piece = answer.take(text('uno'))
  expect(() => told.next(answer, piece)).toThrow(
    expect.objectContaining({ code: 'ANSWER_RESTARTED' })
  )
})
