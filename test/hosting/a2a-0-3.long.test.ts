/** The official client of A2A 0.3, in both bindings, and that of 1.0 in its mode for 0.3, at the door over HTTP. */
import { ClientFactory as Client10Factory, DefaultAgentCardResolver } from '@a2a-js/sdk/client'
import {
  JsonRpcTransportFactory as JsonRpc10,
  RestTransportFactory as Rest10
} from '@a2a-js/sdk/client'
import { TaskState } from '@a2a-js/sdk'
import type { AgentCard } from '@a2a-js/sdk'
import { ClientFactory, DefaultAgentCardResolver as Resolver03 } from 'a2a-sdk-0-3/client'
import { JsonRpcTransportFactory, RestTransportFactory } from 'a2a-sdk-0-3/client'
import {
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError
} from 'a2a-sdk-0-3/client'
import type { Message, MessageSendParams, Part, Task } from 'a2a-sdk-0-3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { callerTexts, inputRequired } from '../../agents/agent.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'
import type { StartedAssembly } from '../support/a2a-nodes.ts'
import { fetchWith, startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { startPushReceiver } from '../support/push-receiver.ts'
import { PATIENCE } from '../support/patience.ts'

let worker: StartedAssembly
let node: HttpNode

/** One of each kind; those of the other node are called `far-…`. */
function agents(prefix: string) {
  return [
    testAgent(`${prefix}echo`, async function* ({ text }) {
      yield* text.split(/(?<= )/)
    }),
    testAgent(`${prefix}travel`, async function* (asked) {
      const [, city] = callerTexts(asked)
      yield city === undefined ? inputRequired('where to?') : `off to ${city}`
    }),
    testAgent(`${prefix}copy`, async function* ({ message }) {
      yield { type: 'artifact', artifact: { artifactId: 'copy', parts: message.parts } }
    }),
    testAgent(`${prefix}endless`, async function* ({ signal }) {
      yield 'begun'
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    })
  ]
}

beforeAll(async () => {
  worker = await startAssembly(agents('far-'))
  node = await startHttpNode(agents(''), { tasks: { push: { allow: ['127.0.0.1'] } } })
  await a2aBetween(node.assembly, worker.assembly)
  const { directory } = node.assembly.capabilities
  await vi.waitFor(() => {
    const { cards = [] } = directory.peer(worker.assembly.wire.identity.peer) ?? {}
    if (cards.length < 4) throw new Error('the cards of the worker are on their way')
  }, PATIENCE)
})

afterAll(async () => {
  await node.stop()
  await worker.stop()
})

const TRANSPORTS = { JSONRPC: JsonRpcTransportFactory, 'HTTP+JSON': RestTransportFactory } as const

type Binding = keyof typeof TRANSPORTS

const CASES = (['', 'far-'] as const).flatMap((prefix) =>
  (['JSONRPC', 'HTTP+JSON'] as const).map((binding) => [binding, prefix] as const)
)

/** As somebody has it who knows nothing but where the agent is. */
async function clientOf(agent: string, binding: Binding) {
  const fetchImpl = fetchWith(await node.token())
  const factory = new ClientFactory({
    transports: [new TRANSPORTS[binding]({ fetchImpl })],
    preferredTransports: [binding],
    cardResolver: new Resolver03({ fetchImpl })
  })
  return factory.createFromUrl(`${node.url}/agents/${agent}/`)
}

function said(parts: readonly Part[], more: Partial<Message> = {}): MessageSendParams {
  const messageId = crypto.randomUUID()
  return { message: { kind: 'message', messageId, role: 'user', parts: [...parts], ...more } }
}

function saying(text: string, more?: Partial<Message>): MessageSendParams {
  return said([{ kind: 'text', text }], more)
}

async function send(client: Awaited<ReturnType<typeof clientOf>>, params: MessageSendParams) {
  const answer = await client.sendMessage(params)
  if (answer.kind !== 'task') throw new Error('the answer is no task')
  return answer
}

function textIn({ artifacts = [] }: Task): string {
  return artifacts
    .flatMap(({ parts }) => parts)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('')
}

test.for(CASES)('sends and reads over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}echo`, binding)
  const task = await send(client, saying('one two three'))
  expect(task.status.state).toBe('completed')
  expect(textIn(task)).toBe('one two three')
  expect(task.history).toMatchObject([{ role: 'user', parts: [{ text: 'one two three' }] }])
  expect(await client.getTask({ id: task.id })).toEqual(task)
})

test.for(CASES)('streams over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}echo`, binding)
  const events = await Array.fromAsync(client.sendMessageStream(saying('a b c')))
  expect(events[0]?.kind).toBe('task')
  const text = events.flatMap((event) =>
    event.kind === 'artifact-update' ? event.artifact.parts : []
  )
  expect(text.map((part) => part.kind === 'text' && part.text).join('')).toBe('a b c')
  const last = events.flatMap((event) => (event.kind === 'status-update' ? event : []))
  expect(last.map(({ final }) => final).indexOf(true)).toBe(last.length - 1)
  expect(events.at(-1)).toMatchObject({ final: true, status: { state: 'completed' } })
})

test.for(CASES)('answers a question over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}travel`, binding)
  const asked = saying('plan a trip')
  const events = await Array.fromAsync(client.sendMessageStream(asked))
  const question = events.at(-1)
  expect(question).toMatchObject({
    kind: 'status-update',
    final: true,
    status: { state: 'input-required', message: { role: 'agent' } }
  })
  const taskId = question?.kind === 'status-update' ? question.taskId : ''
  const done = await send(client, saying('Oslo', { taskId }))
  expect(done.id).toBe(taskId)
  expect(textIn(done)).toBe('off to Oslo')
  // Asked again, the same message tells the whole story: its question is no end any more.
  const again = await Array.fromAsync(client.sendMessageStream(asked))
  const finals = again.flatMap((event) => (event.kind === 'status-update' ? event.final : []))
  expect(finals.indexOf(true)).toBe(finals.length - 1)
  expect(again.at(-1)).toMatchObject({ status: { state: 'completed' } })
})

test.for(CASES)('subscribes and cancels over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}endless`, binding)
  const { id } = await send(client, { ...saying('go'), configuration: { blocking: false } })
  const states: string[] = []
  let cancelled: Promise<Task> | undefined
  for await (const event of client.resubscribeTask({ id })) {
    if (event.kind === 'task' || event.kind === 'status-update') states.push(event.status.state)
    cancelled ??= client.cancelTask({ id })
  }
  expect((await cancelled)?.status.state).toBe('canceled')
  expect(states.at(-1)).toBe('canceled')
})

test.for(CASES)('carries files and data both ways over %s (agents "%s")', async (given) => {
  const [binding, prefix] = given
  const client = await clientOf(`${prefix}copy`, binding)
  const bytes = Buffer.from('some bytes').toString('base64')
  const parts: Part[] = [
    { kind: 'file', file: { bytes, mimeType: 'text/plain' } },
    { kind: 'file', file: { uri: 'https://example.com/a.png', mimeType: 'image/png' } },
    { kind: 'data', data: { n: 1, deep: { list: [1, 'two'] } } }
  ]
  const { artifacts } = await send(client, said(parts))
  expect(artifacts).toMatchObject([{ parts }])
})

test.for(CASES)('is told by name what it may not over %s (agents "%s")', async (given) => {
  const [binding, prefix] = given
  const client = await clientOf(`${prefix}echo`, binding)
  const missing = { id: crypto.randomUUID() }
  await expect(client.getTask(missing)).rejects.toBeInstanceOf(TaskNotFoundError)
  const { id } = await send(client, saying('done'))
  await expect(client.cancelTask({ id })).rejects.toBeInstanceOf(TaskNotCancelableError)
  const late = client.resubscribeTask({ id }).next()
  // Over JSON-RPC, this client reads the error of a stream only where a stream has begun.
  if (binding === 'HTTP+JSON') await expect(late).rejects.toBeInstanceOf(UnsupportedOperationError)
  else await expect(late).rejects.toThrow('text/event-stream')
})

test.for(CASES)('has the whole task pushed over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}endless`, binding)
  const [first, second] = [await startPushReceiver(), await startPushReceiver()]
  const authentication = { schemes: ['Bearer'], credentials: 'abc' }
  const pushNotificationConfig = { id: 'one', url: first.url, token: 'tok', authentication }
  const { id } = await send(client, {
    ...saying('go'),
    configuration: { blocking: false, pushNotificationConfig }
  })
  const added = { taskId: id, pushNotificationConfig: { id: 'two', url: second.url } }
  expect(await client.setTaskPushNotificationConfig(added)).toMatchObject(added)
  const named = { id, pushNotificationConfigId: 'one' }
  const kept = await client.getTaskPushNotificationConfig(named)
  expect(kept).toMatchObject({ taskId: id, pushNotificationConfig })
  expect(await client.listTaskPushNotificationConfig({ id })).toHaveLength(2)
  await client.deleteTaskPushNotificationConfig({ id, pushNotificationConfigId: 'two' })
  const { length } = second.hits
  expect(await client.listTaskPushNotificationConfig({ id })).toEqual([kept])
  const cancelled = await client.cancelTask({ id })
  await first.until(() => first.hits.at(-1)?.body.includes('"canceled"') === true)
  const { body = '', headers } = first.hits.at(-1) ?? {}
  expect(headers).toMatchObject({
    authorization: 'Bearer abc',
    'x-a2a-notification-token': 'tok',
    'content-type': 'application/json'
  })
  expect(JSON.parse(body)).toMatchObject({ kind: 'task', id, status: { state: 'canceled' } })
  expect(cancelled.id).toBe(id)
  expect(second.hits).toHaveLength(length)
})

test.for(CASES)('reads its card over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}echo`, binding)
  const url = `${node.url}/agents/${prefix}echo`
  expect(await client.getAgentCard()).toMatchObject({
    url,
    preferredTransport: 'JSONRPC',
    protocolVersion: '0.3',
    additionalInterfaces: [
      { url, transport: 'JSONRPC' },
      { url, transport: 'HTTP+JSON' }
    ],
    security: [{ bearer: ['task/send'] }],
    securitySchemes: { bearer: { type: 'http', scheme: 'Bearer' } }
  })
})

test.for(CASES)('the client of 1.0 speaks 0.3 to it over %s (agents "%s")', async (given) => {
  const [binding, prefix] = given
  const fetchImpl = fetchWith(await node.token())
  const legacyCompat = { enabled: true }
  const url = `${node.url}/agents/${prefix}echo/.well-known/agent-card.json`
  const answer = await fetchImpl(url)
  // Else it takes the interfaces of 1.0, which are there, too.
  const { supportedInterfaces: _, ...card } = (await answer.json()) as AgentCard
  const Transport = { JSONRPC: JsonRpc10, 'HTTP+JSON': Rest10 }[binding]
  const spoken: string[] = []
  const listening: typeof fetch = (input, init) => {
    spoken.push(JSON.stringify([input, init?.body]))
    return fetchImpl(input, init)
  }
  const client = await new Client10Factory({
    transports: [new Transport({ fetchImpl: listening, legacyCompat })],
    preferredTransports: [binding],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl, legacyCompat })
  }).createFromAgentCard(card as AgentCard)
  const stream = client.sendMessageStream({
    tenant: '',
    metadata: undefined,
    configuration: undefined,
    message: {
      messageId: crypto.randomUUID(),
      role: 1,
      parts: [
        {
          content: { $case: 'text', value: 'x y' },
          metadata: undefined,
          filename: '',
          mediaType: ''
        }
      ],
      contextId: '',
      taskId: '',
      extensions: [],
      referenceTaskIds: [],
      metadata: undefined
    }
  })
  const events = await Array.fromAsync(stream)
  const { payload } = events.at(-1) ?? {}
  expect(payload).toMatchObject({
    $case: 'statusUpdate',
    value: { status: { state: TaskState.TASK_STATE_COMPLETED } }
  })
  expect(spoken.every((one) => /message\/stream|\/v1\/message:stream/.test(one))).toBe(true)
})
