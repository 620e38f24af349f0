/** The official A2A client over HTTP, in both bindings, to an agent here and to one of another node. */
import { Role, TaskState, verifyAgentCardSignature } from '@a2a-js/sdk'
import type { AgentCard as SdkCard } from '@a2a-js/sdk'
import { ClientFactory, DefaultAgentCardResolver } from '@a2a-js/sdk/client'
import { JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client'
import {
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError
} from '@a2a-js/sdk/errors'
import { peerIdFromString } from '@libp2p/peer-id'
import { importJWK } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { inputRequired, callerTexts } from '../../agents/agent.ts'
import { verifyCard } from '../../trust/card-signature.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'
import type { StartedAssembly } from '../support/a2a-nodes.ts'
import { PATIENCE } from '../support/patience.ts'
import { fetchWith, startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'

const verifyWithSdk = verifyAgentCardSignature(async (kid) => {
  const raw = peerIdFromString(kid).publicKey?.raw ?? new Uint8Array()
  const x = Buffer.from(raw).toString('base64url')
  return importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA')
})

let worker: StartedAssembly
let node: HttpNode

/** Ends when it is cancelled. */
function endless(id: string) {
  return testAgent(id, async function* ({ signal }) {
    yield 'begun'
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  })
}

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
    testAgent(`${prefix}fails`, async function* () {
      yield 'so far'
      throw new Error('secret of the worker')
    }),
    endless(`${prefix}endless`)
  ]
}

beforeAll(async () => {
  worker = await startAssembly(agents('far-'))
  node = await startHttpNode(agents(''))
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

const TRANSPORTS = {
  JSONRPC: JsonRpcTransportFactory,
  'HTTP+JSON': RestTransportFactory
} as const

type Binding = keyof typeof TRANSPORTS

async function clientOf(agent: string, binding: Binding) {
  const fetchImpl = fetchWith(await node.token())
  const factory = new ClientFactory({
    transports: [new TRANSPORTS[binding]({ fetchImpl })],
    preferredTransports: [binding],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl })
  })
  return factory.createFromUrl(`${node.url}/agents/${agent}/`)
}

function request(text: string, more: { taskId?: string; returnImmediately?: boolean } = {}) {
  const { taskId = '', returnImmediately } = more
  return {
    tenant: '',
    message: {
      messageId: crypto.randomUUID(),
      role: Role.ROLE_USER,
      parts: [
        {
          content: { $case: 'text' as const, value: text },
          metadata: undefined,
          filename: '',
          mediaType: ''
        }
      ],
      contextId: '',
      taskId,
      extensions: [],
      referenceTaskIds: [],
      metadata: undefined
    },
    configuration: returnImmediately
      ? {
          acceptedOutputModes: [],
          taskPushNotificationConfig: undefined,
          returnImmediately,
          historyLength: undefined
        }
      : undefined,
    metadata: undefined
  }
}

type Client = Awaited<ReturnType<typeof clientOf>>

async function send(client: Client, ...given: Parameters<typeof request>) {
  const answer = await client.sendMessage(request(...given))
  if (!('status' in answer)) throw new Error('the answer is no task')
  return answer
}

function textIn(task: Awaited<ReturnType<typeof send>>): string {
  const parts = task.artifacts.flatMap((artifact) => artifact.parts)
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('')
}

const CASES = (['', 'far-'] as const).flatMap((prefix) =>
  (['JSONRPC', 'HTTP+JSON'] as const).map((binding) => [binding, prefix] as const)
)

test.for(CASES)('sends, reads and lists over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}echo`, binding)
  const task = await send(client, 'one two three')
  expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
  expect(textIn(task)).toBe('one two three')
  const again = await client.getTask({ tenant: '', id: task.id, historyLength: undefined })
  expect(again).toEqual(task)
  await send(client, 'another')
  const query = { tenant: '', contextId: '', status: TaskState.TASK_STATE_UNSPECIFIED }
  const rest = { historyLength: undefined, statusTimestampAfter: undefined, includeArtifacts: true }
  const first = await client.listTasks({ ...query, ...rest, pageSize: 1, pageToken: '' })
  expect(first).toMatchObject({ totalSize: 2, pageSize: 1 })
  const pageToken = first.nextPageToken
  const second = await client.listTasks({ ...query, ...rest, pageSize: 1, pageToken })
  expect(second).toMatchObject({ tasks: [{ id: task.id }], nextPageToken: '' })
  expect(second.tasks.map(textIn)).toEqual(['one two three'])
})

test.for(CASES)('streams over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}echo`, binding)
  const kinds: string[] = []
  let text = ''
  for await (const { payload } of client.sendMessageStream(request('a b c'))) {
    kinds.push(payload?.$case ?? '')
    if (payload?.$case !== 'artifactUpdate') continue
    for (const { content } of payload.value.artifact?.parts ?? []) {
      if (content?.$case === 'text') text += content.value
    }
  }
  expect(text).toBe('a b c')
  expect(kinds[0]).toBe('task')
  expect(kinds.at(-1)).toBe('statusUpdate')
})

test.for(CASES)('answers a question over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}travel`, binding)
  const asking = await send(client, 'plan a trip')
  expect(asking.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED)
  const done = await send(client, 'Oslo', { taskId: asking.id })
  expect(done.id).toBe(asking.id)
  expect(textIn(done)).toBe('off to Oslo')
  expect(done.history).toHaveLength(3)
})

test.for(CASES)('subscribes and cancels over %s (agents "%s")', async ([binding, prefix]) => {
  const client = await clientOf(`${prefix}endless`, binding)
  const { id } = await send(client, 'go', { returnImmediately: true })
  const states: (TaskState | undefined)[] = []
  let cancelled: ReturnType<Client['cancelTask']> | undefined
  for await (const { payload } of client.resubscribeTask({ tenant: '', id })) {
    if (payload?.$case === 'task' || payload?.$case === 'statusUpdate') {
      states.push(payload.value.status?.state)
    }
    cancelled ??= client.cancelTask({ tenant: '', id, metadata: undefined })
  }
  const task = await cancelled
  expect(task?.status?.state).toBe(TaskState.TASK_STATE_CANCELED)
  expect(states.at(-1)).toBe(TaskState.TASK_STATE_CANCELED)
})

test.for(CASES)(
  'hears of a failure without what is secret over %s (agents "%s")',
  async (given) => {
    const [binding, prefix] = given
    const client = await clientOf(`${prefix}fails`, binding)
    const task = await send(client, 'go')
    expect(task.status?.state).toBe(TaskState.TASK_STATE_FAILED)
    expect(JSON.stringify(task)).not.toContain('secret of the worker')
  }
)

test.for(CASES)('is told by name what it may not over %s (agents "%s")', async (given) => {
  const [binding, prefix] = given
  const client = await clientOf(`${prefix}echo`, binding)
  const missing = { tenant: '', id: crypto.randomUUID(), historyLength: undefined }
  await expect(client.getTask(missing)).rejects.toBeInstanceOf(TaskNotFoundError)
  const { id } = await send(client, 'done')
  const late = client.cancelTask({ tenant: '', id, metadata: undefined })
  await expect(late).rejects.toBeInstanceOf(TaskNotCancelableError)
  await expect(client.resubscribeTask({ tenant: '', id }).next()).rejects.toBeInstanceOf(
    UnsupportedOperationError
  )
})

test('the card of an agent of another node names this door first and is signed by this node', async () => {
  const answer = await fetchWith(await node.token())(
    `${node.url}/agents/far-echo/.well-known/agent-card.json`,
    { headers: { 'A2A-Version': '1.0' } }
  )
  const card: unknown = await answer.json()
  const url = `${node.url}/agents/far-echo`
  expect(card).toMatchObject({
    supportedInterfaces: [
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
      { protocolBinding: 'urn:lumos:a2a:libp2p:1' }
    ],
    securitySchemes: { bearer: {} }
  })
  expect(card).toMatchObject({ signatures: [{ protected: expect.any(String) }] })
})

test.for(['1.0', '0.3', ''])(
  'the SDK and we verify the card that is for version "%s"',
  async (version) => {
    // The SDK reports a failed verification on the console.
    vi.spyOn(console, 'debug').mockReturnValue()
    const { peer } = node.assembly.wire.identity
    const headers = { 'A2A-Version': version }
    const url = `${node.url}/agents/echo/.well-known/agent-card.json`
    const answer = await fetchWith(await node.token())(url, { headers })
    // The SDK takes the wire form, too, although its types name only the decoded one.
    const card = (await answer.json()) as SdkCard
    await expect(verifyWithSdk(card)).resolves.toBeUndefined()
    await expect(verifyWithSdk({ ...card, name: 'evil' })).rejects.toThrow('No valid')
    const now = Date.parse(answer.headers.get('date') ?? '')
    await expect(verifyCard(card, { peer, now })).resolves.toMatchObject({ agentId: 'echo' })
    const bare = { ...card, securitySchemes: {} }
    await expect(verifyCard(bare, { peer, now })).rejects.toMatchObject({ code: 'CARD_INVALID' })
  }
)
