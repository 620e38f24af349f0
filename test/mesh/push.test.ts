/** Push notifications of whole nodes to real web servers, as docs/protocols/tasks.md promises ("Push notifications"). */
import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { importJWK, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TaskPushNotificationConfig } from '../../core/a2a-operations.ts'
import { positionOf } from '../../protocols/a2a/extensions.ts'
import type { A2aClient } from '../../protocols/a2a/client.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'
import type { StartedAssembly } from '../support/a2a-nodes.ts'
import { startPushReceiver } from '../support/push-receiver.ts'
import type { Hit } from '../support/push-receiver.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const AGENTS = [
  testAgent('echo', async function* ({ text }) {
    yield text
  }),
  testAgent('patient', async function* ({ signal }) {
    yield { type: 'progress', text: 'waiting' }
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  })
]
const LOOPBACK = { tasks: { push: { allow: ['127.0.0.1'] } } }

let worker: StartedAssembly
let caller: StartedAssembly
let stranger: StartedAssembly
let client: A2aClient
let other: A2aClient

beforeAll(async () => {
  worker = await startAssembly(AGENTS, LOOPBACK)
  caller = await startAssembly()
  stranger = await startAssembly(AGENTS.slice(0, 1), { tasks: { push: { enabled: false } } })
  client = await a2aBetween(caller.assembly, worker.assembly)
  other = await a2aBetween(stranger.assembly, worker.assembly)
})

afterAll(async () => {
  for (const node of [worker, caller, stranger]) await node.stop()
})

async function receiver(codes?: readonly number[]) {
  const started = await startPushReceiver(codes)
  return { ...started, told: () => started.hits.map(summaryOf) }
}

function summaryOf({ update }: Hit): string {
  const { task, statusUpdate, artifactUpdate } = update
  const state = (task ?? statusUpdate)?.status.state.replace('TASK_STATE_', '')
  return `${positionOf(update)?.seq} ${state ?? artifactUpdate?.artifact.parts[0]?.text}`
}

function ends({ hits }: { readonly hits: readonly Hit[] }): () => boolean {
  return () => hits.at(-1)?.update.statusUpdate?.status.state === 'TASK_STATE_COMPLETED'
}

function ask(tenant: string, taskPushNotificationConfig?: TaskPushNotificationConfig) {
  return {
    tenant,
    message: {
      messageId: crypto.randomUUID(),
      role: 'ROLE_USER' as const,
      parts: [{ text: 'hi' }]
    },
    configuration: {
      returnImmediately: true,
      ...(taskPushNotificationConfig && { taskPushNotificationConfig })
    }
  }
}

async function keyOf(peer: string) {
  const { publicKey } = peerIdFromString(peer)
  const x = Buffer.from(publicKey?.raw ?? []).toString('base64url')
  return importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA')
}

const WHOLE = ['0 SUBMITTED', '1 WORKING', '2 hi', '3 COMPLETED']

test('a task asked for with a config is pushed from beginning to end, signed by the worker', async () => {
  const hook = await receiver()
  const authentication = { scheme: 'Bearer', credentials: 'abc' }
  const request = ask('echo', { url: hook.url, token: 'tok', authentication })
  const { task } = await client.sendMessage(request, {})
  await hook.until(ends(hook))
  expect(hook.told()).toEqual(WHOLE)
  const { peer } = worker.assembly.wire.identity
  const key = await keyOf(peer)
  for (const { headers, body } of hook.hits) {
    expect(headers).toMatchObject({
      'content-type': 'application/a2a+json',
      authorization: 'Bearer abc',
      'x-a2a-notification-token': 'tok'
    })
    const { payload } = await jwtVerify(String(headers['lumos-notification-signature']), key, {
      issuer: peer,
      audience: hook.url,
      algorithms: ['EdDSA'],
      requiredClaims: ['iat', 'exp', 'jti']
    })
    expect(payload['taskId']).toBe(task?.id)
    expect(payload['request_body_sha256']).toBe(createHash('sha256').update(body).digest('hex'))
  }
})

test('a streamed task is pushed as well', async () => {
  const hook = await receiver()
  const events = await Array.fromAsync(
    client.sendStreamingMessage(ask('echo', { url: hook.url }), {})
  )
  await hook.until(ends(hook))
  expect(hook.told()).toEqual(WHOLE)
  expect(events).toHaveLength(4)
})

test('a receiver that fails gets all in order once it is well, and another is not held up', async () => {
  const ill = await receiver([500, 404])
  const hanging = await receiver([0])
  const well = await receiver()
  const { task } = await client.sendMessage(ask('echo', { url: ill.url }), {})
  await client.createTaskPushNotificationConfig({ taskId: task?.id ?? '', url: hanging.url }, {})
  await client.createTaskPushNotificationConfig({ taskId: task?.id ?? '', url: well.url }, {})
  await well.until(ends(well))
  await ill.until(ends(ill))
  expect(ill.told()).toEqual([WHOLE[0], WHOLE[0], ...WHOLE])
  expect(hanging.hits.length).toBeLessThanOrEqual(1)
})

test('a caller creates, reads, lists and deletes the configs of its own tasks only', async () => {
  const hook = await receiver()
  const { task } = await client.sendMessage(ask('patient'), {})
  const taskId = task?.id ?? ''
  const config = { taskId, id: 'mine', url: hook.url, token: 'canary' }
  const created = await client.createTaskPushNotificationConfig(config, {})
  expect(created).toEqual({ ...config, tenant: 'patient' })
  expect(await client.getTaskPushNotificationConfig({ taskId, id: 'mine' }, {})).toEqual(created)
  expect(await client.listTaskPushNotificationConfigs({ taskId }, {})).toEqual({
    configs: [created],
    nextPageToken: ''
  })
  const foreign = await Promise.allSettled([
    other.createTaskPushNotificationConfig(config, {}),
    other.getTaskPushNotificationConfig({ taskId, id: 'mine' }, {}),
    other.listTaskPushNotificationConfigs({ taskId }, {}),
    other.deleteTaskPushNotificationConfig({ taskId, id: 'mine' }, {})
  ])
  for (const one of foreign) expect(one).toMatchObject({ reason: { code: 'TASK_NOT_FOUND' } })
  const shown = [
    await client.getTask({ id: taskId }, {}),
    await worker.assembly.work.ledger.find(taskId)
  ]
  expect(JSON.stringify(shown)).not.toContain('canary')
  await client.deleteTaskPushNotificationConfig({ taskId, id: 'mine' }, {})
  await expect(
    client.getTaskPushNotificationConfig({ taskId, id: 'mine' }, {})
  ).rejects.toMatchObject({ code: 'PUSH_CONFIG_NOT_FOUND' })
  const { length } = hook.hits
  await client.cancelTask({ id: taskId }, {})
  const last = await receiver()
  await client.createTaskPushNotificationConfig({ taskId, url: last.url }, {})
  await last.until(() => last.hits.length > 0)
  expect(last.told().at(-1)).toMatch('CANCELED')
  expect(hook.hits).toHaveLength(length)
})

test('a config that may not be served begins no task', async () => {
  const before = (await client.listTasks({}, {})).totalSize
  for (const url of ['http://10.0.0.1/', 'http://localhost:1/', 'ftp://example.org/']) {
    await expect(client.sendMessage(ask('echo', { url }), {})).rejects.toMatchObject({
      code: 'PUSH_TARGET_FORBIDDEN'
    })
  }
  expect((await client.listTasks({}, {})).totalSize).toBe(before)
})

test('a repeated request has one config', async () => {
  const hook = await receiver([0])
  const taskId = '01890a5d-ac96-774b-bcce-b302099a8057'
  const request = {
    ...ask('patient', { url: hook.url }),
    metadata: { 'urn:lumos:a2a:ext:task-id:1': { taskId } }
  }
  await client.sendMessage(request, {})
  await client.sendMessage(request, {})
  const { configs } = await client.listTaskPushNotificationConfigs({ taskId }, {})
  expect(configs).toMatchObject([{ url: hook.url }])
})

test('cards say whether a node pushes, and one that does not refuses', async () => {
  const card = await client.getExtendedAgentCard({ tenant: 'echo' }, {})
  expect(card.capabilities.pushNotifications).toBe(true)
  const silent = await a2aBetween(caller.assembly, stranger.assembly)
  const plain = await silent.getExtendedAgentCard({ tenant: 'echo' }, {})
  expect(plain.capabilities.pushNotifications).toBeUndefined()
  const refused = await Promise.allSettled([
    silent.sendMessage(ask('echo', { url: 'https://example.org/' }), {}),
    silent.listTaskPushNotificationConfigs({ taskId: 'any' }, {})
  ])
  for (const one of refused) expect(one).toMatchObject({ reason: { code: 'PUSH_NOT_SUPPORTED' } })
})

test('a node that keeps its tasks in memory pushes them all the same', async () => {
  const forgetful = await startAssembly(AGENTS, { tasks: { keep: 'memory', ...LOOPBACK.tasks } })
  onTestFinished(() => forgetful.stop())
  const hook = await receiver()
  const brief = await a2aBetween(caller.assembly, forgetful.assembly)
  await brief.sendMessage(ask('echo', { url: hook.url }), {})
  await hook.until(ends(hook))
  expect(hook.told()).toEqual(WHOLE)
})

test('what a receiver did not take before a restart, it gets after it', async () => {
  const home = await temporaryDirectory()
  const before = await startAssembly(AGENTS, { ...LOOPBACK, home })
  // However often it is tried while the node stops: nothing but the first is taken.
  const codes = [200, ...Array<number>(1000).fill(500)]
  const hook = await receiver(codes)
  const lasting = await a2aBetween(caller.assembly, before.assembly)
  await lasting.sendMessage(ask('echo', { url: hook.url }), {})
  await hook.until(() => hook.hits.length === 2)
  await before.stop()
  const { length } = hook.hits
  codes.fill(200)
  const after = await startAssembly(AGENTS, { ...LOOPBACK, home })
  onTestFinished(() => after.stop())
  await hook.until(ends(hook))
  expect(hook.told().slice(0, length)).toEqual([WHOLE[0], ...Array(length - 1).fill(WHOLE[1])])
  const rest = hook.told().slice(length)
  expect(rest.filter((one, index) => one !== rest[index - 1])).toEqual(WHOLE.slice(1))
})
