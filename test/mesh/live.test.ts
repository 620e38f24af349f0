/** The typed client over `/v1/live`, on a node: tasks, events, and connections that are cut in the middle. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { callerTexts, inputRequired } from '../../agents/agent.ts'
import { createClient } from '../../client/client.ts'
import type { NodeEvent, Placed, Updates } from '../../client/client.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { startCutProxy } from '../support/cut-proxy.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'
import { openLiveSocket } from '../support/live-socket.ts'

let node: HttpNode
/** Lets the agent `steps` say its next word. */
let step: () => void

const steps = testAgent('steps', async function* ({ text }) {
  for (const word of text.split(' ')) {
    yield word
    // oxlint-disable-next-line no-await-in-loop -- one word after the other
    await new Promise<void>((resolve) => {
      step = resolve
    })
  }
})
const asks = testAgent('asks', async function* (request) {
  const [, city] = callerTexts(request)
  if (city === undefined) yield inputRequired('which city?')
  else yield `to ${city}`
})
const echo = testAgent('echo', async function* ({ text }) {
  yield text
})
const sleeps = testAgent('sleeps', async function* ({ signal }) {
  yield 'zzz'
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
})

beforeAll(async () => {
  node = await startHttpNode([steps, asks, echo, sleeps])
})

afterAll(() => node.stop())

async function liveWith({
  url = node.url,
  scopes
}: { url?: string; scopes?: Parameters<HttpNode['token']>[0] } = {}) {
  const live = createClient({ url, token: await node.token(scopes) }).live()
  onTestFinished(() => live.close())
  return live
}

/** All texts that came, and the state at the end. */
async function heard(updates: Updates) {
  const texts: string[] = []
  let state = ''
  let id = ''
  for await (const { event } of updates) {
    const { task, artifactUpdate, statusUpdate } = event
    id ||= task?.id ?? ''
    texts.push(...(artifactUpdate?.artifact.parts.map(({ text = '' }) => text) ?? []))
    for (const { parts } of task?.artifacts ?? []) texts.push(...parts.map(({ text = '' }) => text))
    state = statusUpdate?.status.state ?? task?.status.state ?? state
  }
  // The last piece of an artifact may have nothing in it.
  return { texts: texts.filter((text) => text !== ''), state, id }
}

test('a task is given and followed to its end', async () => {
  const live = await liveWith()
  const { texts, state } = await heard(live.send('echo', 'hello'))
  expect([texts.join(''), state]).toEqual(['hello', 'TASK_STATE_COMPLETED'])
})

test('what it asks is answered, and it goes on', async () => {
  const live = await liveWith()
  const { id, state } = await heard(live.send('asks', 'a ticket'))
  expect(state).toBe('TASK_STATE_INPUT_REQUIRED')
  await live.answer(id, 'Rome')
  await expect.poll(async () => (await live.task(id)).status.state).toBe('TASK_STATE_COMPLETED')
  expect(JSON.stringify(await live.task(id))).toContain('to Rome')
})

test('a task is cancelled while it is followed', async () => {
  const live = await liveWith()
  let state = ''
  for await (const { event } of live.send('sleeps', 'x')) {
    const { task, artifactUpdate, statusUpdate } = event
    state = statusUpdate?.status.state ?? state
    if (artifactUpdate) await live.cancel(artifactUpdate.taskId)
    else if (task?.artifacts) await live.cancel(task.id)
  }
  expect(state).toBe('TASK_STATE_CANCELED')
})

test('a connection that is cut in the middle comes back: nothing is missing, nothing comes twice', async () => {
  const proxy = await startCutProxy(node.url)
  onTestFinished(() => proxy.stop())
  const live = await liveWith({ url: proxy.url })
  const all = ['one', 'two', 'three', 'four']
  const texts: string[] = []
  let state = ''
  for await (const { event } of live.send('steps', all.join(' '))) {
    const said = event.artifactUpdate?.artifact.parts ?? event.task?.artifacts?.[0]?.parts ?? []
    const words = said.flatMap(({ text }) => (text ? [text] : []))
    texts.push(...words)
    state = event.statusUpdate?.status.state ?? state
    if (words.length === 0) continue
    if (texts.length === 2) proxy.cut()
    step()
  }
  expect([texts, state]).toEqual([all, 'TASK_STATE_COMPLETED'])
  expect(proxy.connections).toBe(2)
})

test('who comes back later, from another process, goes on behind the place that it kept', async () => {
  const first = await liveWith()
  const kept: Placed<unknown>[] = []
  let id = ''
  for await (const placed of first.send('steps', 'one two')) {
    kept.push(placed)
    id ||= placed.event.task?.id ?? ''
    if (placed.event.artifactUpdate ?? placed.event.task?.artifacts) break
  }
  first.close()
  step()
  const token = await node.token()
  const stranger = createClient({ url: node.url, token }).live()
  onTestFinished(() => stranger.close())
  await expect(heard(stranger.follow(id))).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  await expect(stranger.cancel(id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
})

test('the owner follows what was begun elsewhere', async () => {
  const token = await node.token()
  const client = createClient({ url: node.url, token })
  const [first, second] = [client.live(), client.live()]
  onTestFinished(() => second.close())
  let id = ''
  let place = ''
  for await (const { event, place: at } of first.send('steps', 'one two')) {
    id ||= event.task?.id ?? ''
    place = at
    if (event.artifactUpdate ?? event.task?.artifacts) break
  }
  first.close()
  const rest = heard(second.follow(id, { after: place }))
  step()
  await expect
    .poll(() => {
      step()
      return second.task(id).then(({ status }) => status.state)
    })
    .toBe('TASK_STATE_COMPLETED')
  expect(await rest).toMatchObject({ texts: ['two'], state: 'TASK_STATE_COMPLETED' })
})

test('agents that come and go are told to those who watch, and what was missed to those who come back', async () => {
  const live = await liveWith()
  const seen: Placed<NodeEvent>[] = []
  const next = live.watch(['agents'])
  seen.push((await next.next()).value as Placed<NodeEvent>)
  expect(seen[0]?.event).toEqual({ type: 'resync' })
  await node.assembly.roster.setEnabled('asks', false)
  const gone = (await next.next()).value as Placed<NodeEvent>
  expect(gone.event).toMatchObject({ type: 'agent-gone', id: 'asks' })
  await next.return(undefined)
  await node.assembly.roster.setEnabled('asks', true)
  for await (const { event } of live.watch(['agents'], { after: gone.place })) {
    expect(event).toMatchObject({ type: 'agent', agent: { id: 'asks' } })
    break
  }
  for await (const { event } of live.watch(['agents'], { after: 'another.7' })) {
    expect(event).toEqual({ type: 'resync' })
    break
  }
})

test('how own tasks stand is told to their owner, and to nobody else', async () => {
  const [live, other] = [await liveWith(), await liveWith()]
  const own = live.watch(['tasks'])
  const others = other.watch(['tasks'])
  for (const watched of [own, others]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect((await watched.next()).value).toMatchObject({ event: { type: 'resync' } })
  }
  const { id } = await heard(live.send('echo', 'hello'))
  const states: string[] = []
  for await (const { event } of own) {
    expect(event).toMatchObject({ type: 'task', id, agent: 'echo' })
    if (event.type === 'task') states.push(event.state)
    if (states.at(-1) === 'TASK_STATE_COMPLETED') break
  }
  expect(states[0]).toBe('TASK_STATE_SUBMITTED')
  const { id: theirs } = await heard(other.send('echo', 'mine'))
  expect((await others.next()).value).toMatchObject({ event: { type: 'task', id: theirs } })
})

test('who may not see peers or memory is told nothing of them', async () => {
  const live = await liveWith()
  await expect(live.watch(['agents', 'peers']).next()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(live.watchMemory('shared').next()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const keeper = await liveWith({ scopes: ['control/read'] })
  const { value } = await keeper.watch(['peers']).next()
  expect(value).toMatchObject({ event: { type: 'resync' } })
})

test('changes of shared memory are told, and those that were missed, too', async () => {
  const token = await node.token(['memory/read', 'memory/write'])
  const client = createClient({ url: node.url, token })
  const live = client.live()
  onTestFinished(() => live.close())
  let place = ''
  for await (const { event, place: at } of live.watchMemory('shared', { prefix: 'live/' })) {
    place = at
    if (event.type === 'ready') break
  }
  await client.memory.put('shared', { key: 'live/a', value: 1 })
  for await (const { event } of live.watchMemory('shared', { prefix: 'live/', after: place })) {
    if (event.type === 'ready') continue
    expect(event).toMatchObject({ type: 'put', key: 'live/a', value: 1 })
    break
  }
})

test('a token that is taken back ends what its holder follows', async () => {
  const token = await node.token()
  const live = createClient({ url: node.url, token }).live()
  onTestFinished(() => live.close())
  await live.send('steps', 'one two').next()
  await node.gateway.tokens.revoke(token.split('_')[1] ?? '')
  await expect(live.task('x')).rejects.toMatchObject({ code: 'API_TOKEN_REFUSED' })
  step()
})

test('other paths speak no WebSocket', async () => {
  const refused = openLiveSocket(`${node.url}/agents`)
  await expect(refused).rejects.toThrow(/^404 /)
})
