/** What pages make of what the node tells: a task's story, a level of memory, tasks that are wished for, why a route. */
import { expect, test } from 'vitest'
import type { RunEvent, TaskList } from '../../../client/api.ts'
import type { MemoryEvent } from '../../../client/memory-api.ts'
import type { RouteStanding } from '../../../client/routing-api.ts'
import type { Fact } from '../../../core/memory.ts'
import { ROUTE_VERDICTS } from '../../../core/route-choice.ts'
import { emptyLevel, withChanges, withPage } from '../../../web/model/memory-level.ts'
import { partsOf, verdictOf } from '../../../web/model/route-words.ts'
import { BEGINNING, withEvents } from '../../../web/model/run-story.ts'
import { filterTasks } from '../../../web/model/task-filter.ts'

const head = { v: 1, seq: 0 } as const
const otter = { id: 'O', name: 'otter' }

function piece(text: string, append = true): RunEvent {
  const artifact = { artifactId: 'result', parts: [{ text }] }
  return { ...head, type: 'artifact', artifact, append, lastChunk: false, atMs: 1 }
}

test('pieces of a text become one, and one that replaces them stands alone', () => {
  const told = withEvents(BEGINNING, [piece('a', false), piece('b'), piece('c')])
  expect(told.outputs).toEqual([{ id: 'result', parts: [{ text: 'abc' }] }])
  expect(withEvents(told, [piece('d', false)]).outputs[0]?.parts).toEqual([{ text: 'd' }])
})

test('who begins anew takes back what was said, and a result holds it all', () => {
  const { outputs, worker, notes } = withEvents(BEGINNING, [
    piece('half'),
    { ...head, type: 'restarted', attempt: 2, worker: otter, atMs: 5 }
  ])
  expect({ outputs, worker, notes }).toEqual({
    outputs: [],
    worker: { ...otter, agent: '', path: '' },
    notes: [{ atMs: 5, text: 'begun anew at otter' }]
  })
  const state = 'TASK_STATE_COMPLETED'
  const artifacts = [{ artifactId: 'result', name: 'whole', parts: [{ text: 'a' }, { text: 'b' }] }]
  const task = { id: 't', state, artifacts } as const
  const ended = withEvents(BEGINNING, [
    { ...head, type: 'input-required', auth: false, text: 'which?', atMs: 1 },
    { ...head, type: 'result', task, worker: otter, tookMs: 9, firstEventMs: null }
  ])
  expect(ended).toMatchObject({ taskId: 't', state, tookMs: 9 })
  expect(ended.question).toBeUndefined()
  expect(ended.outputs).toEqual([{ id: 'result', name: 'whole', parts: [{ text: 'ab' }] }])
})

test('a question waits until it is answered', () => {
  const asked = withEvents(BEGINNING, [
    { ...head, type: 'input-required', auth: true, text: 'may I?', atMs: 1 }
  ])
  expect(asked).toMatchObject({ state: 'TASK_STATE_AUTH_REQUIRED', question: { text: 'may I?' } })
  const answered = withEvents(asked, [
    { ...head, type: 'answered', messageId: 'm', text: 'yes', atMs: 2 }
  ])
  expect(answered.question).toBeUndefined()
})

test('a tool tells what it was given, at which node it ran, and what came of it', () => {
  const state = 'TASK_STATE_WORKING'
  const call = { callId: 'c', tool: 'calc' } as const
  const steps = [
    { ...call, kind: 'tool-start', input: 1 },
    { kind: 'tool-text', callId: 'c', text: 'so' },
    { kind: 'tool-text', callId: 'c', text: ' far' },
    { ...call, kind: 'tool-end', ok: true, tookMs: 3, node: 'otter', output: 2 }
  ] as const
  const { tools } = withEvents(
    BEGINNING,
    steps.map((step) => ({ ...head, type: 'status', state, step, atMs: 1 }))
  )
  expect(tools).toEqual([
    { ...call, input: 1, text: 'so far', tookMs: 3, node: 'otter', output: 2 }
  ])
})

function fact(key: string): Fact {
  return { key, value: 1, writer: 'W' as Fact['writer'], hlc: 'h' }
}

function change(type: 'put' | 'delete', key: string): MemoryEvent {
  return { v: 1, space: 'shared', position: '1-1', type, ...fact(key) }
}

const namesOf = (level: ReturnType<typeof emptyLevel>): string[] =>
  level.rows.map(({ name, changes }) => `${name}${'!'.repeat(changes)}`)

test('a level shows keys and folders, and the next page begins behind the last folder', () => {
  const first = withPage(emptyLevel('a/'), ['a/b', 'a/c/1', 'a/c/2'].map(fact), false)
  expect(namesOf(first)).toEqual(['b', 'c/'])
  expect(first.after).toBe('a/c/\u{10FFFF}')
  const last = withPage(first, [fact('a/d')], true)
  expect(namesOf(last)).toEqual(['b', 'c/', 'd'])
  expect(last.after).toBeUndefined()
})

test('what changes is marked, what is deleted goes, and what was not read yet waits for its page', () => {
  const level = withPage(emptyLevel('a/'), ['a/b', 'a/c'].map(fact), false)
  const now = withChanges(level, [
    change('put', 'a/b'),
    change('put', 'a/b'),
    change('delete', 'a/c'),
    change('put', 'a/a/deep'),
    change('put', 'a/z'),
    change('put', 'elsewhere')
  ])
  expect(namesOf(now)).toEqual(['a/!', 'b!!'])
})

test('keys stand in the order in which nodes have them, beyond the first plane, too', () => {
  const level = withPage(emptyLevel(''), ['\u{1F600}', '\uFF5E'].map(fact), true)
  expect(namesOf(level)).toEqual(['\uFF5E', '\u{1F600}'])
})

function row(id: string, facts: Partial<TaskList['tasks'][number]>): TaskList['tasks'][number] {
  return {
    id,
    contextId: id,
    state: 'TASK_STATE_COMPLETED',
    agent: 'echo',
    outgoing: true,
    caller: otter,
    worker: { id: 'B', name: 'birch' },
    createdAt: '',
    updatedAt: '',
    tookMs: 1,
    input: '',
    ...facts
  }
}

test('tasks are found by state, agent, node and words, and counted before the state is chosen', () => {
  const rows = [
    row('1', { input: 'Summarize: README' }),
    row('2', { state: 'TASK_STATE_INPUT_REQUIRED', agent: 'book' }),
    row('3', { state: 'TASK_STATE_REJECTED', error: { code: 'OVERLOADED', message: 'no room' } }),
    row('4', { state: 'TASK_STATE_SUBMITTED', worker: { id: '', name: '' } })
  ]
  const ids = (wish: Parameters<typeof filterTasks>[1]): string[] =>
    filterTasks(rows, wish).rows.map(({ id }) => id)
  expect(ids({ state: 'failed' })).toEqual(['3'])
  expect(ids({ state: 'running' })).toEqual(['4'])
  expect(ids({ agent: 'book' })).toEqual(['2'])
  expect(ids({ node: 'birch', q: 'overloaded room' })).toEqual(['3'])
  expect(ids({ q: 'readme SUMM' })).toEqual(['1'])
  const { counts, nodes } = filterTasks(rows, { state: 'waiting' })
  expect({ counts, nodes }).toEqual({
    counts: { running: 1, waiting: 1, completed: 1, failed: 1 },
    nodes: ['birch', 'otter']
  })
})

test('every verdict is a sentence, and the parts of the expected time are the whole', () => {
  const standing = { rttMs: 1, queueMs: 2, runMs: 5, costMs: 10, chance: 0.5, excludedMs: 900 }
  for (const why of ROUTE_VERDICTS) {
    const sentence = verdictOf({ ...standing, why } as RouteStanding, 2)
    expect(sentence).toMatch(/^(?:Would|Left|Not).*\.$/)
    expect(sentence).not.toContain('undefined')
  }
  const parts = partsOf(standing as RouteStanding, 20)
  expect(parts.map(({ name, ms }) => [name, ms])).toEqual([
    ['way', 1],
    ['queue', 2],
    ['run', 5],
    ['risk', 2]
  ])
  expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(0.5)
})
