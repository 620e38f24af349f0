/** Both ends of a hosted run without a process between them: what the agent is given works as inside the node. */
import { expect, test, vi } from 'vitest'
import type { AgentRequest } from '../../../../agents/agent.ts'
import { parseCallLine } from '../../../../agents/hosting/call-lines.ts'
import { createAnswers, nodeFailure } from '../../../../agents/hosting/calls.ts'
import { createLineCalls } from '../../../../agents/hosting/line-calls.ts'
import { createRunNode } from '../../../../agents/hosting/project/node-calls.ts'
import type { RunNode } from '../../../../agents/hosting/project/node-calls.ts'
import { orderOf } from '../../../../agents/hosting/run-order.ts'
import { tool } from '../../../../agents/tools/define-tool.ts'
import { isJsonObject } from '../../../../core/json.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createMemory } from '../../../../memory/facts.ts'
import { openReplica } from '../../../../memory/replica/replica.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { agentRequest } from '../../../support/agent-request.ts'
import { noMemory } from '../../../support/agent-runner.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SPACE } from '../../../support/memory-arbitraries.ts'
import { toySigner, toyVerify } from '../../../support/memory-world.ts'
import { seededRandom } from '../../../support/random.ts'
import { replicaSpace, WITHOUT_EXTRAS } from '../../../support/replica-space.ts'
import { createToolNode, makeTool, use } from '../../../support/toolbox.ts'

function hosted(parts: Partial<AgentRequest>): RunNode['equipment'] {
  const request = agentRequest('hello', parts)
  const node = createLineCalls(
    {
      write: async (text) => project.calls.hear(read(text), text.length),
      answers: createAnswers({ request, project: () => node, sharedTool: () => request }),
      failureOf: nodeFailure,
      account: () => undefined
    },
    '1'
  )
  const write = async (text: string) => node.hear(read(text), text.length)
  const project = createRunNode(
    { write, send: (line) => write(JSON.stringify(line)) },
    { ...orderOf(request), run: '1', agent: 'clerk' },
    { ...request, log: silentLogger, clock: new ManualClock() }
  )
  return project.equipment
}

function read(text: string) {
  const value: unknown = JSON.parse(text)
  const line = isJsonObject(value) ? parseCallLine(value) : undefined
  if (line === undefined) throw new Error(`no line of a call: ${text}`)
  return line
}

const multiply = tool({
  id: 'multiply',
  description: 'Multiplies.',
  inputSchema: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b']
  },
  execute({ a, b }, { say, ask }) {
    say('a moment')
    if (a === 13) return ask('clerk', 'what is 13?')
    return Number(a) * Number(b)
  }
})

test('tools of the agent run in its process when the node lets them, and say what they do', async () => {
  const { toolbox } = hosted({ toolbox: createToolNode([makeTool('lamp')]).run() })
  const said: string[] = []
  const box = await toolbox?.({ tools: ['lamp', multiply], onText: (_, text) => said.push(text) })
  if (box === undefined) throw new Error('there is no toolbox')
  expect(box.tools.map(({ id }) => id)).toEqual(['lamp', 'multiply'])
  expect(await use(box, 'multiply', { input: { a: 6, b: 7 } })).toMatchObject({ output: 42 })
  expect(said).toEqual(['a moment'])
  expect(await use(box, 'lamp')).toMatchObject({ output: { used: 'lamp' } })
  expect(await use(box, 'multiply', { input: { a: 6 } })).toMatchObject({ code: 'TOOL_INPUT' })
  // It declares no effect: what a tool may do is the node's to say.
  expect(await use(box, 'multiply', { input: { a: 13, b: 1 } })).toMatchObject({
    type: 'failed',
    code: 'TOOL_DENIED'
  })
})

test('a tool that its policy forbids is not run, wherever it is', async () => {
  const rules = [{ tool: 'multiply', caller: 'self', action: 'deny' }] as const
  const { toolbox } = hosted({ toolbox: createToolNode([], rules).run() })
  const box = await toolbox?.({ tools: [multiply], onText: () => undefined })
  if (box === undefined) throw new Error('there is no toolbox')
  expect(box.tools).toEqual([])
  expect(await use(box, 'multiply', { input: { a: 6, b: 7 } })).toMatchObject({
    code: 'TOOL_DENIED'
  })
})

test('models stream, by their own names and prices, and failures keep their codes', async () => {
  const price = { input: 1, output: 2 }
  const { models } = hosted({
    models: {
      get: (name = 'test/small') => ({
        ref: name,
        price,
        async *stream(call) {
          yield { id: '1', object: 'chat.completion.chunk', created: 1, model: name, choices: [] }
          if (call.messages.length === 0) throw new TypeError('nothing is asked')
        }
      }),
      defaults: () => ['test/small'],
      embedding: () => ({
        ref: 'test/vectors',
        embed: async (texts) => texts.map(({ length }) => Float32Array.of(length, 0.5))
      })
    }
  })
  const { signal } = new AbortController()
  const model = models?.get()
  const messages = [{ role: 'user', content: 'hello' }] as const
  const chunks = await Array.fromAsync(model?.stream({ messages: [...messages] }, { signal }) ?? [])
  expect(chunks).toMatchObject([{ model: 'test/small' }])
  expect(model).toMatchObject({ ref: 'test/small', price })
  await expect(
    Array.fromAsync(model?.stream({ messages: [] }, { signal }) ?? [])
  ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(await models?.embedding()?.embed(['four'], { signal })).toEqual([Float32Array.of(4, 0.5)])
})

test('blobs go up and down in pieces', async () => {
  const content = Buffer.alloc(300_000, 'abc')
  const kept: Uint8Array[] = []
  const { memory } = hosted({
    memory: {
      ...noMemory(),
      blobs: {
        async put(pieces) {
          if (pieces instanceof Uint8Array) throw new TypeError('it comes in pieces')
          for await (const piece of pieces) kept.push(piece)
          return { $blob: { hash: 'h', size: 300_000 } }
        },
        async *get() {
          yield* kept
        }
      }
    }
  })
  const name = await memory.blobs.put(content)
  expect(kept.length).toBeGreaterThan(1)
  expect(Buffer.concat(await Array.fromAsync(memory.blobs.get(name)))).toEqual(content)
})

test('an agent is told as whom its node writes, and who wrote each message', async () => {
  const components = { clock: new ManualClock(), random: seededRandom(1), signer: toySigner('us') }
  const replica = await openReplica(
    { ...components, store: createMemoryStore(), verify: toyVerify },
    { space: SPACE, continueWriter: true }
  )
  const spaces = { space: () => replicaSpace(replica) }
  const own = createMemory(
    { ...components, spaces, ...WITHOUT_EXTRAS },
    { author: components.signer.author }
  )
  const { writer, threads } = hosted({ memory: own }).memory.space()
  expect(writer).toBe(own.space().writer)
  await threads.append('t', [{ role: 'user', parts: [{ text: 'hi' }] }])
  expect(await threads.messages('t')).toMatchObject([{ writer }])
})

test('what the other says is told while it says it', async () => {
  const { ask } = hosted({
    ask: async (_target, _input, options) => {
      options?.onEvent?.({ type: 'routed', agent: 'clerk' })
      for (const text of ['one ', 'two']) options?.onText?.(text)
      return [{ text: 'one two' }]
    }
  })
  const texts: string[] = []
  const events: unknown[] = []
  const parts = await ask('clerk', 'count', {
    onText: (text) => texts.push(text),
    onEvent: (event) => events.push(event)
  })
  expect(parts).toEqual([{ text: 'one two' }])
  expect(texts.join('')).toBe('one two')
  expect(events).toEqual([{ type: 'routed', agent: 'clerk' }])
  expect(await ask('clerk', 'count')).toEqual(parts)
})

test('a question to several keeps how many, what is taken and who judges, and what cannot be is refused', async () => {
  const asked = vi.fn<AgentRequest['ask']>(async () => [{ text: 'most say so' }])
  const { ask } = hosted({ ask: asked })
  const several = [
    { peers: 3 },
    { peers: 2, take: 'majority' },
    { peers: 4, take: 'best', judge: 'wise' }
  ] as const
  for (const ensemble of several) {
    // oxlint-disable-next-line no-await-in-loop -- the last call is looked at
    expect(await ask('clerk', 'is 91 prime?', { ensemble })).toEqual([{ text: 'most say so' }])
    expect(asked.mock.lastCall?.[2]?.ensemble).toEqual(ensemble)
  }
  await ask('clerk', 'is 91 prime?')
  expect(asked.mock.lastCall?.[2]).not.toHaveProperty('ensemble')
  await expect(ask('clerk', '?', { ensemble: { peers: 1000 } })).rejects.toThrow(
    'a question to several that cannot be'
  )
  expect(asked).toHaveBeenCalledTimes(4)
})

test('who of several answered is told on the way, and one that nobody wants any more is given up', async () => {
  const leaving = new AbortController()
  const { ask } = hosted({
    ask: async (_target, _input, { onEvent, signal } = {}) => {
      onEvent?.({ type: 'progress', text: 'birch answered' })
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      })
    }
  })
  const told: unknown[] = []
  const onEvent = (event: unknown): void => {
    told.push(event)
    leaving.abort()
  }
  const options = { ensemble: { peers: 3, take: 'all' as const }, onEvent, signal: leaving.signal }
  await expect(ask('clerk', 'count', options)).rejects.toMatchObject({ name: 'AbortError' })
  expect(told).toEqual([{ type: 'progress', text: 'birch answered' }])
})
