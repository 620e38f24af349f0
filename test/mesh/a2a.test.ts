/** Every operation of A2A between real nodes: what docs/protocols/a2a-libp2p.md promises, over libp2p. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SendMessageRequest } from '../../core/a2a-operations.ts'
import { systemClock } from '../../core/clock.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { A2A_METHODS } from '../../protocols/a2a/constants.ts'
import { encode } from '../../protocols/a2a/codec.ts'
import { LIMITS } from '../../core/limits.ts'
import { errorOf, positionOf, taskIdMetadata } from '../../protocols/a2a/extensions.ts'
import type { A2aClient } from '../../protocols/a2a/client.ts'
import { verifyCard } from '../../trust/card-signature.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'
import type { StartedAssembly } from '../support/a2a-nodes.ts'

const UNKNOWN = '01890a5d-ac96-774b-bcce-b302099a8057'

const aborted = Promise.withResolvers<unknown>()

const AGENTS = [
  testAgent('echo', async function* ({ text }) {
    yield text
  }),
  testAgent('steps', async function* ({ text }) {
    for (let step = 1; step <= Number(text); step += 1) {
      yield { type: 'progress', text: `step ${step}` }
    }
    yield 'done'
  }),
  testAgent('patient', async function* ({ signal }) {
    yield { type: 'progress', text: 'waiting' }
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted.resolve(signal.reason)
        reject(signal.reason)
      })
    })
  })
]

let worker: StartedAssembly
let caller: StartedAssembly
let stranger: StartedAssembly
let client: A2aClient
let other: A2aClient

beforeAll(async () => {
  worker = await startAssembly(AGENTS)
  caller = await startAssembly()
  stranger = await startAssembly()
  client = await a2aBetween(caller.assembly, worker.assembly)
  other = await a2aBetween(stranger.assembly, worker.assembly)
})

afterAll(async () => {
  for (const node of [worker, caller, stranger]) await node.stop()
})

function ask(tenant: string, text: string, more: Partial<SendMessageRequest> = {}) {
  return {
    tenant,
    message: { messageId: crypto.randomUUID(), role: 'ROLE_USER' as const, parts: [{ text }] },
    ...more
  }
}

async function send(tenant: string, text: string, more: Partial<SendMessageRequest> = {}) {
  const { task } = await client.sendMessage(ask(tenant, text, more), {})
  if (task === undefined) throw new Error('a message instead of a task')
  return task
}

/** Begins a task that waits until it is cancelled. */
function begin() {
  return send('patient', '', { configuration: { returnImmediately: true } })
}

function textsOf(events: readonly StreamResponse[]): (string | undefined)[] {
  return events.flatMap(({ statusUpdate }) => statusUpdate?.status.message?.parts[0]?.text ?? [])
}

describe('SendMessage', () => {
  test('answers with the task when it has ended', async () => {
    expect(await send('echo', 'hello')).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ artifactId: 'result', parts: [{ text: 'hello' }] }],
      history: [{ role: 'ROLE_USER', parts: [{ text: 'hello' }] }]
    })
  })

  test('answers at once when that is asked for', async () => {
    const task = await begin()
    expect(task.status.state).toMatch(/SUBMITTED|WORKING/)
    await client.cancelTask({ id: task.id }, {})
  })

  test('with an id of the caller, is one task however often it arrives', async () => {
    const request = ask('echo', 'twice', { metadata: taskIdMetadata(crypto.randomUUID()) })
    const [first, second] = await Promise.all([
      client.sendMessage(request, {}),
      client.sendMessage(request, {})
    ])
    expect(first.task?.id).toBe(second.task?.id)
    const changed = { ...request, message: { ...request.message, parts: [{ text: 'other' }] } }
    await expect(client.sendMessage(changed, {})).rejects.toMatchObject({ code: 'TASK_CONFLICT' })
  })

  test('to an agent that is not there fails with its name', async () => {
    await expect(client.sendMessage(ask('nobody', 'hi'), {})).rejects.toMatchObject({
      code: 'AGENT_UNKNOWN',
      details: { agent: 'nobody' }
    })
  })

  test('ends the task when its deadline has passed', async () => {
    const { task } = await client.sendMessage(ask('patient', ''), { deadlineMs: 50 })
    expect(task?.status.state).toBe('TASK_STATE_FAILED')
    expect(task && errorOf(task.status)).toMatchObject({ code: 'TIMED_OUT' })
  })
})

test('SendStreamingMessage tells the Task first, then every event under the next number', async () => {
  const events = await Array.fromAsync(client.sendStreamingMessage(ask('steps', '3'), {}))
  expect(events[0]?.task?.status.state).toBe('TASK_STATE_SUBMITTED')
  expect(textsOf(events)).toEqual(['step 1', 'step 2', 'step 3'])
  expect(events.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED')
  expect(events.map(positionOf)).toEqual(events.map((_, seq) => ({ attempt: 1, seq })))
})

test('SubscribeToTask tells the Task, and goes on behind the event that the caller has', async () => {
  const { id } = await send('steps', '3')
  const after = { attempt: 1, seq: 2 }
  const events = await Array.fromAsync(client.subscribeToTask({ id }, { after }))
  expect(events[0]?.task?.id).toBe(id)
  expect(events.map((event) => positionOf(event)?.seq)).toEqual([2, 3, 4, 5, 6])
  await expect(Array.fromAsync(client.subscribeToTask({ id }, {}))).rejects.toMatchObject({
    code: 'UNSUPPORTED_OPERATION'
  })
})

test('SubscribeToTask follows a task that is being worked on to its end', async () => {
  const { id } = await begin()
  const states: (string | undefined)[] = []
  for await (const { task, statusUpdate } of client.subscribeToTask({ id }, {})) {
    states.push((task ?? statusUpdate)?.status.state)
    if (states.length === 1) await client.cancelTask({ id }, {})
  }
  expect(states.at(-1)).toBe('TASK_STATE_CANCELED')
})

test('GetTask tells the task, with as much history as was asked for', async () => {
  const { id } = await send('echo', 'remember')
  const task = await client.getTask({ id, historyLength: 0 }, {})
  expect(task).toMatchObject({ id, artifacts: [{ parts: [{ text: 'remember' }] }] })
  expect(task.history).toBeUndefined()
})

test('ListTasks pages through the tasks of a context, youngest first', async () => {
  const contextId = crypto.randomUUID()
  const ids: string[] = []
  for (const text of ['a', 'b', 'c']) {
    const message = { ...ask('echo', text).message, contextId }
    ids.unshift((await send('echo', text, { message })).id)
  }
  const first = await client.listTasks({ contextId, pageSize: 2 }, {})
  const { nextPageToken: pageToken } = first
  const second = await client.listTasks({ contextId, pageSize: 2, pageToken }, {})
  expect([first.totalSize, second.nextPageToken]).toEqual([3, ''])
  expect([...first.tasks, ...second.tasks].map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  const cancelled = { contextId, status: 'TASK_STATE_CANCELED' as const }
  expect(await client.listTasks(cancelled, {})).toMatchObject({ tasks: [], totalSize: 0 })
})

test('CancelTask reaches the agent, and a task ends once only', async () => {
  const { id } = await begin()
  const task = await client.cancelTask({ id }, {})
  expect(task.status.state).toBe('TASK_STATE_CANCELED')
  expect(await aborted.promise).toMatchObject({ name: 'LumosError' })
  const ended = await send('echo', 'over')
  await expect(client.cancelTask({ id: ended.id }, {})).rejects.toMatchObject({
    code: 'TASK_NOT_CANCELABLE'
  })
})

test('GetExtendedAgentCard gives the card that the worker signed', async () => {
  const card = await client.getExtendedAgentCard({ tenant: 'echo' }, {})
  const { peer } = worker.assembly.wire.identity
  expect(card.name).toBe('echo')
  await expect(verifyCard(card, { peer, now: systemClock.now() })).resolves.toBeDefined()
})

test('operations on push notification configs find the mistakes in them, and no foreign task', async () => {
  const session = await caller.assembly.wire.sessions.connect(worker.assembly.wire.identity.peer)
  const headers = { 'a2a-version': '1.0' }
  const config = { taskId: UNKNOWN, id: 'hook', url: 'https://example.org/' }
  for (const method of [
    A2A_METHODS.createPushConfig,
    A2A_METHODS.getPushConfig,
    A2A_METHODS.listPushConfigs,
    A2A_METHODS.deletePushConfig
  ]) {
    await expect(session.request(method, encode(config), { headers })).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND'
    })
  }
  const broken = session.request(A2A_METHODS.createPushConfig, encode({ url: 7 }), { headers })
  await expect(broken).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('another version of A2A is refused', async () => {
  const session = await caller.assembly.wire.sessions.connect(worker.assembly.wire.identity.peer)
  const call = session.request(A2A_METHODS.getTask, encode({ id: UNKNOWN }), {
    headers: { 'a2a-version': '0.3' }
  })
  await expect(call).rejects.toMatchObject({ code: 'A2A_VERSION_UNSUPPORTED' })
})

test.for([
  ['lumos-depth', '-1'],
  ['lumos-depth', '1e3'],
  ['lumos-depth', '99999'],
  ['lumos-deadline-ms', 'soon'],
  ['lumos-after', '1']
])('a call whose header %s is "%s" is refused', async ([name = '', value = '']) => {
  const session = await caller.assembly.wire.sessions.connect(worker.assembly.wire.identity.peer)
  const call = session.request(A2A_METHODS.sendMessage, encode(ask('echo', 'hi')), {
    headers: { 'a2a-version': '1.0', [name]: value }
  })
  await expect(call).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { reason: expect.stringContaining(name) }
  })
})

test('a task that too many agents have handed on is refused by whoever is asked to run it', async () => {
  const depth = LIMITS.agentAskDepth.value
  await client.sendMessage(ask('echo', 'hi'), { depth })
  const call = client.sendMessage(ask('echo', 'hi'), { depth: depth + 1 })
  await expect(call).rejects.toMatchObject({ code: 'ASKED_TOO_DEEP' })
})

test('a task of another peer looks like one that does not exist', async () => {
  const { id } = await begin()
  const outcomes = await Promise.all(
    [id, UNKNOWN].flatMap((wanted) => [
      other.getTask({ id: wanted }, {}).catch((error: unknown) => error),
      other.cancelTask({ id: wanted }, {}).catch((error: unknown) => error),
      Array.fromAsync(other.subscribeToTask({ id: wanted }, {})).catch((error: unknown) => error)
    ])
  )
  for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'TASK_NOT_FOUND' })
  expect(await other.listTasks({}, {})).toMatchObject({ tasks: [], totalSize: 0 })
  expect((await client.cancelTask({ id }, {})).status.state).toBe('TASK_STATE_CANCELED')
})
