/** The same scenarios in A2A 1.0 and 0.3, as JSON-RPC and as HTTP+JSON: each has to come out the same. */
import {
  AgentCard,
  ListTaskPushNotificationConfigsResponse,
  ListTasksResponse,
  SendMessageResponse,
  StreamResponse,
  Task,
  TaskPushNotificationConfig
} from '@a2a-js/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callerTexts, inputRequired } from '../../agents/agent.ts'
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { createSpeaker, SPEAKERS, summaryOf } from '../support/a2a-speakers.ts'
import type { Ask, MessageMore, Operation, Speaker, Told } from '../support/a2a-speakers.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { startPushReceiver } from '../support/push-receiver.ts'

const AGENTS = [
  testAgent('echo', async function* ({ text }) {
    yield* text.split(/(?<= )/)
  }),
  testAgent('travel', async function* (asked) {
    const [, city] = callerTexts(asked)
    yield city === undefined ? inputRequired('where to?') : `off to ${city}`
  }),
  testAgent('endless', async function* ({ signal }) {
    yield 'begun'
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  })
]

let node: HttpNode
let stranger: string

beforeAll(async () => {
  node = await startHttpNode(AGENTS, { tasks: { push: { allow: ['127.0.0.1'] } } })
  stranger = await node.token()
})

afterAll(() => node.stop())

/** What the SDK reads of an answer of 1.0, and writes again: all of it, or it is not what the protocol has. */
const CODECS: Readonly<Record<Operation, Codec | undefined>> = {
  send: codec(SendMessageResponse),
  stream: codec(StreamResponse),
  get: codec(Task),
  list: codec(ListTasksResponse),
  cancel: codec(Task),
  subscribe: codec(StreamResponse),
  setPush: codec(TaskPushNotificationConfig),
  listPush: codec(ListTaskPushNotificationConfigsResponse),
  getPush: codec(TaskPushNotificationConfig),
  deletePush: undefined,
  card: codec(AgentCard)
}

type Codec = (document: JsonObject) => unknown

function codec<T>(of: { fromJSON(document: unknown): T; toJSON(value: T): unknown }): Codec {
  return (document) => of.toJSON(of.fromJSON(document))
}

/** Without what ProtoJSON leaves out: what is empty, 0 or false. */
function bare(value: unknown): unknown {
  if (isJsonList(value as Json)) return (value as readonly Json[]).map(bare)
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, bare(member)] as const)
  return Object.fromEntries(members.filter(([, member]) => !isEmpty(member)))
}

function isEmpty(value: unknown): boolean {
  if (isJsonList(value as Json)) return (value as readonly Json[]).length === 0
  if (isJsonObject(value)) return Object.keys(value).length === 0
  return !value
}

/** Speaks for one token, and looks at each answer. */
async function visitor(name: Speaker['name'], agent: string) {
  const speaker = createSpeaker(name, `${node.url}/agents/${agent}`, await node.token())

  async function call(operation: Operation, params: JsonObject, ask?: Ask): Promise<Told> {
    const answer = await speaker.call(operation, params, ask)
    const read = speaker.isLegacy ? undefined : CODECS[operation]
    for (const document of answer.documents) {
      if (read !== undefined) expect(bare(read(document))).toEqual(bare(document))
    }
    return answer
  }

  return {
    speaker,
    call,
    say: async (text: string, more?: MessageMore) =>
      summaryOf((await call('send', speaker.messageParams(text, more))).documents),
    of: async (operation: Operation, id: string) =>
      summaryOf((await call(operation, speaker.taskParams(id))).documents)
  }
}

test.for(SPEAKERS)('a task is done, and can be read: %s', async (name) => {
  const { say, of } = await visitor(name, 'echo')
  const done = await say('one two')
  expect(done).toMatchObject({ states: ['completed'], text: 'one two' })
  expect(await of('get', done.id)).toEqual(done)
})

test.for(SPEAKERS)('a stream tells all, and each event has a place: %s', async (name) => {
  const { call, speaker } = await visitor(name, 'echo')
  const { documents, places } = await call('stream', speaker.messageParams('one two'))
  const { states, text } = summaryOf(documents)
  expect([states[0], states.at(-1), text]).toEqual(['submitted', 'completed', 'one two'])
  expect(places).toEqual([...new Set(places)])
  expect(places[0]).toBe('1.0')
})

test.for(SPEAKERS)('what was missed of a stream is told to who comes again: %s', async (name) => {
  const { call, speaker } = await visitor(name, 'echo')
  const first = await call('stream', speaker.messageParams('one two'))
  const [, place = ''] = first.places
  const { id } = summaryOf(first.documents)
  const params = speaker.taskParams(id)
  const again = await call('subscribe', params, { lastEventId: place })
  expect(again.documents.slice(1)).toEqual(first.documents.slice(2))
  const late = await call('subscribe', params)
  expect(late.error).toBe(-32_004)
})

test.for(SPEAKERS)('a task that goes on can be cancelled, once: %s', async (name) => {
  const { say, of, call, speaker } = await visitor(name, 'endless')
  const { id } = await say('go', { wait: false })
  expect((await of('cancel', id)).states).toEqual(['canceled'])
  expect((await of('get', id)).states).toEqual(['canceled'])
  const { id: done } = await (await visitor(name, 'echo')).say('done')
  const foreign = await call('cancel', speaker.taskParams(done))
  expect(foreign.error).toBe(-32_001)
})

test.for(SPEAKERS)('a question is answered: %s', async (name) => {
  const { say } = await visitor(name, 'travel')
  const asking = await say('plan a trip')
  expect(asking.states).toEqual(['input-required'])
  const done = await say('Oslo', { taskId: asking.id })
  expect(done).toEqual({ id: asking.id, states: ['completed'], text: 'off to Oslo' })
})

test.for(SPEAKERS)('lists have pages, where there are lists: %s', async (name) => {
  const { say, call, speaker } = await visitor(name, 'echo')
  const ids = [(await say('a')).id, (await say('b')).id, (await say('c')).id]
  const first = await call('list', { pageSize: 2 })
  if (speaker.isLegacy) {
    expect(first.error).toBe(-32_601)
    return
  }
  const [{ nextPageToken: pageToken = '', totalSize } = {}] = first.documents
  expect(totalSize).toBe(3)
  const second = await call('list', { pageSize: 2, pageToken })
  expect(second.documents).toMatchObject([{ nextPageToken: '', tasks: [{ id: ids[0] }] }])
})

test.for(SPEAKERS)('the task of another is not there: %s', async (name) => {
  const { say, call, speaker } = await visitor(name, 'echo')
  const { id } = await say('mine')
  for (const operation of ['get', 'cancel', 'subscribe'] as const) {
    const { error } = await call(operation, speaker.taskParams(id), { token: stranger })
    expect(error).toBe(-32_001)
  }
  const config = speaker.configParams(id, { url: 'https://example.org/' })
  expect((await call('setPush', config, { token: stranger })).error).toBe(-32_001)
})

test.for(SPEAKERS)(
  'a version that nobody speaks is refused, and so is that of the other words: %s',
  async (name) => {
    const { call, speaker } = await visitor(name, 'echo')
    const params = speaker.messageParams('hello')
    expect((await call('send', params, { version: '7.0' })).error).toBe(-32_009)
    const other = speaker.isLegacy ? '1.0' : '0.3'
    const wrong = name.startsWith('REST') ? -32_009 : -32_601
    expect((await call('send', params, { version: other })).error).toBe(wrong)
    expect((await call('send', params, { version: '' })).error).toBeUndefined()
  }
)

test.for(SPEAKERS)('the extended card is for this door: %s', async (name) => {
  const { call } = await visitor(name, 'echo')
  const { documents } = await call('card', {})
  expect(JSON.stringify(documents)).toContain(`${node.url}/agents/echo`)
  expect(documents).toMatchObject([{ name: 'echo', capabilities: { pushNotifications: true } }])
})

test.for(SPEAKERS)(
  'what happens to a task is pushed, in the words of its version: %s',
  async (name) => {
    const hook = await startPushReceiver()
    const { say, speaker } = await visitor(name, 'echo')
    const push = { url: hook.url, token: 'canary' }
    const { id } = await say('one two', { push })
    const ended = (): boolean => hook.hits.some(({ body }) => /completed/i.test(body))
    await hook.until(ended)
    const hits = hook.hits.map(({ body }): JsonObject => JSON.parse(body))
    const { states, ...rest } = summaryOf(hits.slice(-1))
    expect([rest.id, states.at(-1)]).toEqual([id, 'completed'])
    for (const { headers, body } of hook.hits) {
      expect(headers['x-a2a-notification-token']).toBe('canary')
      expect(body).not.toContain('canary')
    }
    if (speaker.isLegacy) {
      expect(hits.every(({ kind }) => kind === 'task')).toBe(true)
      expect(rest.text).toBe('one two')
    } else {
      for (const hit of hits) {
        expect(bare(codec(StreamResponse)(hit))).toEqual(bare(hit))
      }
      expect(summaryOf(hits).text).toBe('one two')
    }
  }
)

test.for(SPEAKERS)('receivers come and go while a task goes on: %s', async (name) => {
  const hook = await startPushReceiver()
  const { say, of, call, speaker } = await visitor(name, 'endless')
  const { id } = await say('go', { wait: false })
  const config = { id: 'mine', url: hook.url, token: 'canary' }
  const [created] = (await call('setPush', speaker.configParams(id, config))).documents
  const names = speaker.configNames(id, 'mine')
  expect((await call('getPush', names)).documents).toEqual([created])
  const listParams = speaker.name === 'JSON-RPC 0.3' ? { id } : { taskId: id }
  const list = await call('listPush', listParams)
  expect(JSON.stringify(list.documents)).toContain(JSON.stringify(created))
  const other = { id: 'other', url: `${hook.url}/other` }
  await call('setPush', speaker.configParams(id, other))
  await call('deletePush', names)
  const secrets = (): number =>
    hook.hits.filter(({ headers }) => headers['x-a2a-notification-token'] === 'canary').length
  const before = secrets()
  expect((await call('getPush', names)).error).toBe(-32_001)
  expect((await of('get', id)).states).toHaveLength(1)
  await of('cancel', id)
  await hook.until(() => hook.hits.some(({ body }) => /cancell?ed/i.test(body)))
  expect(secrets()).toBe(before)
})

test.for(SPEAKERS)('nothing is pushed where nobody may be sent: %s', async (name) => {
  const { call, speaker } = await visitor(name, 'echo')
  const push = { url: 'http://10.0.0.1/' }
  const { error } = await call('send', speaker.messageParams('hello', { push }))
  expect(error).toBe(-32_602)
})
