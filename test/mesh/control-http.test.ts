/** The control API over HTTP, on a node: each caller with its own tasks, and nothing beyond its scopes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callerTexts, inputRequired } from '../../agents/agent.ts'
import { createClient } from '../../client/client.ts'
import type { RunEvent } from '../../client/client.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'

let node: HttpNode

const echo = testAgent('echo', async function* ({ text }) {
  yield text
})
const asks = testAgent('asks', async function* (request) {
  const [, city] = callerTexts(request)
  if (city === undefined) yield inputRequired('which city?')
  else yield `to ${city}`
})

beforeAll(async () => {
  node = await startHttpNode([echo, asks])
})

afterAll(() => node.stop())

async function clientWith(scopes?: Parameters<HttpNode['token']>[0]) {
  return createClient({ url: node.url, token: await node.token(scopes) })
}

test('a task is run, told, listed, shown and forgotten, by whoever asked for it and nobody else', async () => {
  const ada = await clientWith()
  const bob = await clientWith()
  const story = await Array.fromAsync(ada.run({ target: '@echo', text: 'hello', contextId: 'c' }))
  const result = story.at(-1)
  expect(result).toMatchObject({ type: 'result', task: { state: 'TASK_STATE_COMPLETED' } })
  const id = result?.type === 'result' ? result.task.id : ''
  const { task } = await ada.task(id)
  expect(task).toMatchObject({ id, contextId: 'c', agent: 'echo', input: 'hello' })
  expect(task.history.map(({ contextId }) => contextId)).toEqual(task.history.map(() => 'c'))
  expect((await ada.tasks()).tasks).toMatchObject([{ id, contextId: 'c' }])
  expect((await Array.fromAsync(ada.events(id))).at(-1)).toMatchObject({ type: 'result' })
  expect((await bob.tasks()).tasks).toEqual([])
  const forBob = [
    bob.task(id),
    bob.cancel(id),
    bob.remove(id),
    bob.answer(id, { text: 'x' }),
    Array.fromAsync(bob.events(id))
  ]
  for (const asked of await Promise.allSettled(forBob)) {
    expect(asked).toMatchObject({ status: 'rejected', reason: { code: 'TASK_NOT_FOUND' } })
  }
  expect(await ada.remove(id)).toMatchObject({ task: { id } })
  expect((await ada.tasks()).tasks).toEqual([])
})

test('what a task asks for is answered by its owner', async () => {
  const ada = await clientWith()
  const told: RunEvent[] = []
  let task = ''
  for await (const event of ada.run({ target: '@asks', text: 'a ticket' })) {
    told.push(event)
    if (event.type === 'accepted') task = event.task.id
    if (event.type === 'input-required') await ada.answer(task, { text: 'Rome' })
  }
  expect(JSON.stringify(told.at(-1))).toContain('to Rome')
})

test('an id that another chose is a conflict, also for the same words', async () => {
  const taskId = '0198f7a0-0000-7000-8000-000000000001'
  const request = { target: '@echo', text: 'same', taskId }
  const ada = await clientWith()
  await Array.fromAsync(ada.run(request))
  expect(await Array.fromAsync(ada.run(request))).not.toEqual([])
  const bob = await clientWith()
  await expect(Array.fromAsync(bob.run(request))).rejects.toMatchObject({ code: 'TASK_CONFLICT' })
})

test('a token opens what its scopes say, and the client hears why not', async () => {
  const reader = await clientWith(['control/read'])
  expect(await reader.status()).toMatchObject({ v: 1, name: node.assembly.wire.name })
  expect((await reader.peers()).peers).toEqual([])
  await expect(reader.block('birch')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(reader.agents()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(reader.tasks()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const ada = await clientWith()
  expect((await ada.agents()).agents.map(({ id }) => id)).toContain('echo')
  expect((await ada.find('echo')).providers).toMatchObject([{ agent: 'echo' }])
  await expect(ada.status()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(ada.memory.get('shared', 'a')).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('shared memory is read and written by those who may', async () => {
  const both = await clientWith(['memory/read', 'memory/write'])
  await both.memory.put('shared', { key: 'city', value: 'Rome' })
  expect(await both.memory.get('shared', 'city')).toMatchObject({ value: 'Rome' })
  const reader = await clientWith(['memory/read'])
  await expect(reader.memory.put('shared', { key: 'city', value: 'x' })).rejects.toMatchObject({
    code: 'FORBIDDEN'
  })
  for await (const event of reader.memory.watch('shared')) if (event.type === 'ready') break
})

test('nobody makes tokens, stops the node or lets others in over HTTP, with whatever scopes', async () => {
  const all = await clientWith([
    'task/send',
    'memory/read',
    'memory/write',
    'agent/offer',
    'control/read',
    'control/write'
  ])
  const asked = await Promise.allSettled([
    all.auth.createToken({}),
    all.auth.tokens(),
    all.stop(),
    all.swarm.invite({}),
    all.swarm.leave()
  ])
  for (const one of asked) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ROUTE_UNKNOWN' } })
  }
})

test('those of a tenant share its tasks, and reach no space that is not said to be theirs', async () => {
  const scopes = ['task/send', 'memory/read', 'memory/write'] as const
  const lifetimeMs = 60_000
  const clients = []
  for (const tenant of ['red', 'red', 'blue']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { secret } = await node.gateway.tokens.create({ name: 't', scopes, tenant, lifetimeMs })
    clients.push(createClient({ url: node.url, token: secret }))
  }
  const [ada, amy, bob] = clients
  if (!ada || !amy || !bob) throw new Error('there are three')
  const story = await Array.fromAsync(ada.run({ target: '@echo', text: 'hello' }))
  const last = story.at(-1)
  const id = last?.type === 'result' ? last.task.id : ''
  expect(await amy.task(id)).toMatchObject({ task: { id } })
  await expect(bob.task(id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  await expect(bob.memory.get('shared', 'city')).rejects.toMatchObject({ code: 'SPACE_UNKNOWN' })
  await expect(bob.memory.put('shared', { key: 'a', value: 1 })).rejects.toMatchObject({
    code: 'SPACE_UNKNOWN'
  })
  const live = bob.live()
  await expect(live.watchMemory('shared').next()).rejects.toMatchObject({ code: 'SPACE_UNKNOWN' })
  live.close()
})

test('what there is to be called, and whether the node is there, is for everybody', async () => {
  for (const path of ['/docs', '/openapi.json', '/healthz', '/readyz']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answer = await fetch(node.url + path)
    expect([path, answer.status]).toEqual([path, 200])
  }
})

async function nameOf(path: string, given?: string): Promise<string | null> {
  const headers = given === undefined ? {} : { 'x-request-id': given }
  return (await fetch(node.url + path, { headers })).headers.get('x-request-id')
}

test('each request has a name for the log: its own, or one that is made', async () => {
  expect(await nameOf('/healthz', '0199c0de-7f3a.1')).toBe('0199c0de-7f3a.1')
  // Also of what is refused before anything is done.
  expect(await nameOf('/v1/agents')).toMatch(/^[0-9a-f]{16}$/)
  for (const insane of ['short', 'with spaces in it', 'x'.repeat(65), '{"a":"injected"}']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await nameOf('/healthz', insane)).toMatch(/^[0-9a-f]{16}$/)
  }
})

test('who shows no token that is in force is told so, in the words of this API', async () => {
  const nobody = createClient({ url: node.url, token: 'lumos_wrong' })
  await expect(nobody.agents()).rejects.toMatchObject({ code: 'API_TOKEN_REFUSED' })
  await expect(Array.fromAsync(nobody.run({ target: 'echo', text: 'x' }))).rejects.toMatchObject({
    code: 'API_TOKEN_REFUSED'
  })
})

test('what is done over HTTP is in the audit log under the name of the token, not of the user', async () => {
  const keeper = await clientWith(['control/read', 'control/write'])
  await keeper.disableAgent('asks')
  await keeper.enableAgent('asks')
  const lines = await Array.fromAsync(keeper.audit.lines({ limit: 50 }))
  const done = lines.filter(({ did }) => did === 'disableAgent')
  expect(done).toMatchObject([{ who: expect.stringMatching(/^http:[0-9a-f]{16}$/), what: 'asks' }])
})
