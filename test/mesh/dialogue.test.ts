/** A dialogue between real nodes: every word of it survives the restart of either end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { authRequired, callerTexts, inputRequired } from '../../agents/agent.ts'
import type { AgentRequest } from '../../agents/agent.ts'
import type { DelegationView } from '../../tasks/caller/delegation-view.ts'
import { a2aBetween, startAssembly, testAgent } from '../support/a2a-nodes.ts'
import type { StartedAssembly } from '../support/a2a-nodes.ts'
import { textOfMessage } from '../support/dialogue.ts'
import { say } from '../support/tasks.ts'

let home: string
let worker: StartedAssembly
let caller: StartedAssembly
/** The task of this test. */
let taskId: string
/** Every run of the agent, by the number of messages it was given. */
let runs: number[]

const travel = testAgent('travel', async function* (request: AgentRequest) {
  runs.push(request.history.length)
  const [, city, consent] = callerTexts(request)
  if (city === undefined) yield inputRequired('where to?')
  else if (consent === undefined) yield authRequired('may I pay?', [{ url: 'https://pay.example' }])
  else yield `${city}: ${consent}`
})

function startWorker(): Promise<StartedAssembly> {
  return startAssembly([travel], { home: join(home, 'worker') })
}

function startCaller(): Promise<StartedAssembly> {
  return startAssembly([], { home: join(home, 'caller') })
}

beforeEach(() => {
  taskId = crypto.randomUUID()
  runs = []
})

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lumos-dialogue-'))
  worker = await startWorker()
  caller = await startCaller()
  await a2aBetween(caller.assembly, worker.assembly)
})

afterAll(async () => {
  await caller.stop()
  await worker.stop()
  await rm(home, { recursive: true })
})

async function restartCaller(): Promise<void> {
  await caller.stop()
  caller = await startCaller()
  await a2aBetween(caller.assembly, worker.assembly)
}

async function begin(timeoutMs?: number): Promise<void> {
  await caller.assembly.work.delegations.delegate({
    taskId,
    target: 'travel',
    message: say('a trip'),
    patient: true,
    ...(timeoutMs !== undefined && { timeoutMs })
  })
}

/** The task once it is as expected. */
async function until(wanted: (view: DelegationView) => boolean): Promise<DelegationView> {
  const { delegations } = caller.assembly.work
  const look = async () => {
    const view = await delegations.find(taskId)
    return view !== undefined && wanted(view) ? view : undefined
  }
  await expect.poll(look, { timeout: 10_000, interval: 10 }).toBeDefined()
  const view = await look()
  if (view === undefined) throw new Error('it has changed again')
  return view
}

function asked(text: string): Promise<DelegationView> {
  return until(({ question }) => question?.text === text)
}

function answer(text: string) {
  return caller.assembly.work.delegations.answer(taskId, say(text))
}

/** Its end, and all that was said. */
async function ended() {
  const { state, artifacts, history, error } = await until(({ tookMs }) => tookMs !== undefined)
  return {
    state,
    text: artifacts.map(({ parts }) => parts.map(({ text }) => text).join('')).join(''),
    said: history.map(textOfMessage),
    error: error?.code
  }
}

const WHOLE = {
  state: 'TASK_STATE_COMPLETED',
  text: 'Rome: yes',
  said: ['a trip', 'where to?', 'Rome', 'may I pay?', 'yes'],
  error: undefined
}

test('two questions, two answers, one task', async () => {
  await begin()
  await asked('where to?')
  await answer('Rome')
  const { question } = await asked('may I pay?')
  expect(question).toMatchObject({ auth: true, parts: [{ url: 'https://pay.example' }] })
  await answer('yes')
  expect(await ended()).toEqual(WHOLE)
  expect(runs).toEqual([1, 3, 5])
})

test('the worker is restarted at each question', async () => {
  await begin()
  for (const [question, text] of [
    ['where to?', 'Rome'],
    ['may I pay?', 'yes']
  ] as const) {
    await asked(question)
    await worker.stop()
    worker = await startWorker()
    // While nobody can take it.
    await answer(text)
    await a2aBetween(caller.assembly, worker.assembly)
  }
  expect(await ended()).toEqual(WHOLE)
  expect(runs).toEqual([1, 3, 5])
})

test('the caller is restarted at each question, and after each answer', async () => {
  await begin()
  for (const [question, text] of [
    ['where to?', 'Rome'],
    ['may I pay?', 'yes']
  ] as const) {
    await asked(question)
    await restartCaller()
    await asked(question)
    await answer(text)
    await restartCaller()
  }
  expect(await ended()).toEqual(WHOLE)
  expect(runs).toEqual([1, 3, 5])
})

test('an answer that is given twice is heard once', async () => {
  await begin()
  await asked('where to?')
  await Promise.all([answer('Rome'), answer('Rome')])
  await asked('may I pay?')
  await answer('Rome')
  await answer('yes')
  expect(await ended()).toEqual(WHOLE)
  expect(runs).toEqual([1, 3, 5])
})

test('a task that waits is cancelled at both ends at once', async () => {
  await begin()
  await asked('where to?')
  await caller.assembly.work.delegations.cancel(taskId)
  expect(await ended()).toMatchObject({ state: 'TASK_STATE_CANCELED', error: 'CANCELLED' })
  const client = await a2aBetween(caller.assembly, worker.assembly)
  const task = await client.getTask({ id: taskId }, {})
  expect(task.status.state).toBe('TASK_STATE_CANCELED')
  expect(runs).toEqual([1])
})

test('a task that waits ends at its deadline', async () => {
  await begin(1500)
  await asked('where to?')
  expect(await ended()).toMatchObject({ state: 'TASK_STATE_FAILED', error: 'TIMED_OUT' })
})

test('a worker that ends a task which waits is heard', async () => {
  await begin()
  await asked('where to?')
  await worker.assembly.work.ledger.cancel(taskId)
  expect(await ended()).toMatchObject({ state: 'TASK_STATE_CANCELED' })
})

test('an A2A client speaks with the agent by plain messages', async () => {
  const client = await a2aBetween(caller.assembly, worker.assembly)
  const first = await client.sendMessage({ tenant: 'travel', message: say('a trip') }, {})
  const { id = '', contextId = '' } = first.task ?? {}
  expect(first.task?.status).toMatchObject({
    state: 'TASK_STATE_INPUT_REQUIRED',
    message: { role: 'ROLE_AGENT', parts: [{ text: 'where to?' }] }
  })
  const turn = { tenant: 'travel', message: say('Rome', { taskId: id, contextId }) }
  const updates = await Array.fromAsync(client.sendStreamingMessage(turn, {}))
  expect(updates[0]?.task?.history?.map(textOfMessage)).toEqual(['a trip', 'where to?', 'Rome'])
  expect(updates.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_AUTH_REQUIRED')
  const { task } = await client.sendMessage({ message: say('yes', { taskId: id }) }, {})
  expect(task?.status.state).toBe('TASK_STATE_COMPLETED')
  expect(task?.history?.map(textOfMessage)).toEqual(WHOLE.said)
  await expect(
    client.sendMessage({ message: say('more', { taskId: id }) }, {})
  ).rejects.toMatchObject({
    code: 'UNSUPPORTED_OPERATION'
  })
})
