/** What the runner does about agents that break their promises, and how agents ask each other. */
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  type Agent,
  type AgentDefinition,
  type AgentOutput,
  defineAgent
} from '../../../agents/agent.ts'
import { createAgentRunner } from '../../../agents/runner.ts'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { askNobody, noMemory, rosterOf, RUN } from '../../support/agent-runner.ts'
import { ManualClock } from '../../support/manual-clock.ts'

type Run = AgentDefinition['run']

function agent(id: string, run: Run, stop?: () => Promise<void>): Agent {
  const skills = [{ id, name: id, description: 'A skill.', tags: ['test'] }]
  return defineAgent({ id, description: 'An agent.', skills, run, ...(stop && { stop }) })
}

function setup(...agents: Agent[]) {
  const clock = new ManualClock()
  const left: string[] = []
  const warned: unknown[] = []
  const logger = {
    ...silentLogger,
    child: () => logger,
    warn: (...line: unknown[]) => warned.push(line)
  }
  const runner = createAgentRunner({
    clock,
    roster: rosterOf(agents, { clock, logger }),
    askSwarm: askNobody,
    memory: noMemory
  })
  onTestFinished(async () => {
    await runner.stop()
    expect(clock.pending).toBe(0)
  })
  function start(agentId: string, signal = new AbortController().signal) {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } as const
    return runner.run({
      ...RUN,
      agentId,
      message,
      signal,
      leftBehind(id, ended) {
        left.push(id)
        void ended.then(() => left.push(`${id} ended`))
      }
    })
  }
  const collect = (agentId: string, signal?: AbortSignal): Promise<AgentOutput[]> =>
    Array.fromAsync(start(agentId, signal))
  return { clock, runner, start, collect, left, warned }
}

/** An agent as plain JavaScript might bring it: nothing checked what `run` returns. */
function careless(run: () => unknown): Agent {
  // @ts-expect-error Types do not bind agents written in JavaScript.
  return { ...agent('careless', async function* () {}), run }
}

function yielding(value: unknown): Agent {
  return careless(async function* () {
    yield value
  })
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('too late')))
}

const never = (): Promise<never> => new Promise(() => {})

test('forwards text, progress and artifacts as they come', async () => {
  const outputs: AgentOutput[] = [
    'text',
    { type: 'progress', text: 'half', fraction: 0.5 },
    { type: 'progress', text: '', step: { kind: 'tool-text', callId: '1', text: 'so' } },
    { type: 'artifact', artifact: { parts: [{ data: { a: [1, null, 'b'] } }] } }
  ]
  const { collect } = setup(
    agent('all', async function* () {
      yield* outputs
    })
  )
  expect(await collect('all')).toEqual(outputs)
})

const circle: unknown[] = []
circle.push(circle)

test.for<[string, unknown]>([
  ['nothing', undefined],
  ['a number', 7],
  ['an unknown type', { type: 'banner', text: 'x' }],
  ['progress without text', { type: 'progress' }],
  ['progress beyond its end', { type: 'progress', text: 'x', fraction: 1.01 }],
  ['progress that is no number', { type: 'progress', text: 'x', fraction: NaN }],
  ['a step of a kind that is none', { type: 'progress', text: '', step: { kind: 'dance' } }],
  ['a question without text', { type: 'input-required' }],
  ['a question with a part of no kind', { type: 'auth-required', text: 'x', parts: [{}] }],
  ['an artifact without parts', { type: 'artifact', artifact: { parts: [] } }],
  ['an artifact that is a list', { type: 'artifact', artifact: [] }],
  [
    'an empty artifact id',
    { type: 'artifact', artifact: { artifactId: '', parts: [{ text: '' }] } }
  ],
  ['a part of two kinds', { type: 'artifact', artifact: { parts: [{ text: 'a', url: 'b' }] } }],
  ['a part of no kind', { type: 'artifact', artifact: { parts: [{ filename: 'a' }] } }],
  ['bytes that are no base64', { type: 'artifact', artifact: { parts: [{ raw: 'é!' }] } }],
  ['a function as data', { type: 'artifact', artifact: { parts: [{ data: () => 1 }] } }],
  ['data that is a circle', { type: 'artifact', artifact: { parts: [{ data: circle }] } }],
  ['a number that JSON lacks', { type: 'artifact', artifact: { parts: [{ data: Infinity }] } }],
  ['a date', { type: 'artifact', artifact: { parts: [{ data: new Date(0) }] } }],
  ['too much', 'x'.repeat(LIMITS.agentOutputBytes.value + 1)]
])('refuses %s as an output', async ([, value]) => {
  await expect(setup(yielding(value)).collect('careless')).rejects.toMatchObject({
    code: 'AGENT_OUTPUT',
    details: { agent: 'careless' }
  })
})

test('an output whose getter throws is the fault of the agent', async () => {
  const trap = Object.defineProperty({}, 'type', {
    get() {
      throw new TypeError('boo')
    }
  })
  await expect(setup(yielding(trap)).collect('careless')).rejects.toMatchObject({
    code: 'AGENT_FAILED'
  })
})

test.for<[string, () => unknown]>([
  ['nothing', () => undefined],
  ['a promise', async () => 'text'],
  ['a string', () => 'text']
])('an agent that returns %s instead of an iterable is told so', async ([, run]) => {
  await expect(setup(careless(run)).collect('careless')).rejects.toMatchObject({
    code: 'AGENT_OUTPUT'
  })
})

test('an agent that throws at once fails its task; what it threw stays on the node', async () => {
  const thrower = careless(() => {
    throw new RangeError('the password is CANARY')
  })
  const failure: unknown = await setup(thrower)
    .collect('careless')
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'AGENT_FAILED', details: { reason: 'RangeError' } })
  expect(JSON.stringify(failure instanceof LumosError && failure.toWire())).not.toContain('CANARY')
})

test('a cancelled task ends with the reason, and the agent may clean up', async () => {
  const cleaned = vi.fn<() => void>()
  const { start } = setup(
    agent('tidy', async function* ({ signal }) {
      try {
        yield 'first'
        yield await aborted(signal)
      } finally {
        cleaned()
      }
    })
  )
  const controller = new AbortController()
  const reason = new Error('enough')
  const outputs: AgentOutput[] = []
  const ended = (async () => {
    for await (const output of start('tidy', controller.signal)) {
      outputs.push(output)
      queueMicrotask(() => controller.abort(reason))
    }
  })()
  await expect(ended).rejects.toBe(reason)
  expect(outputs).toEqual(['first'])
  expect(cleaned).toHaveBeenCalledOnce()
})

test('an agent that ignores the signal is left behind after the grace period', async () => {
  const deaf = agent('deaf', async function* () {
    yield 'first'
    await never()
  })
  const { clock, collect } = setup(deaf)
  const controller = new AbortController()
  const ended = vi.fn<(error: unknown) => void>()
  const collected = collect('deaf', controller.signal).catch(ended)
  await clock.advance(0)
  controller.abort(new Error('enough'))
  await clock.advance(LIMITS.cancelGrace.value - 1)
  expect(ended).not.toHaveBeenCalled()
  await clock.advance(1)
  await collected
  expect(ended).toHaveBeenCalledWith(expect.objectContaining({ message: 'enough' }))
})

test('an agent that was left behind is told of once, and again when it has ended', async () => {
  const wake = Promise.withResolvers<void>()
  const deaf = agent('deaf', async function* () {
    await wake.promise
    yield 'too late'
  })
  const { clock, collect, left, warned } = setup(deaf)
  const controller = new AbortController()
  const collected = collect('deaf', controller.signal).catch(() => {})
  await clock.advance(0)
  controller.abort(new Error('enough'))
  await clock.advance(LIMITS.cancelGrace.value)
  await collected
  expect(left).toEqual(['deaf'])
  expect(warned).toEqual([[expect.any(String), expect.objectContaining({ agent: 'deaf' })]])
  wake.resolve()
  await clock.advance(60_000)
  expect(left).toEqual(['deaf', 'deaf ended'])
  expect(warned).toHaveLength(1)
})

test('of two that ask each other only the one that does not stop is left behind', async () => {
  const { clock, collect, left } = setup(
    agent('asker', async function* ({ ask }) {
      yield JSON.stringify(await ask('deaf', ''))
    }),
    agent('deaf', async function* () {
      yield await never()
    })
  )
  const controller = new AbortController()
  const collected = collect('asker', controller.signal).catch(() => {})
  await clock.advance(0)
  controller.abort(new Error('enough'))
  await collected
  await clock.advance(LIMITS.cancelGrace.value)
  expect(left).toEqual(['deaf'])
})

test('a caller that leaves early ends the agent', async () => {
  const cleaned = vi.fn<() => void>()
  const { start } = setup(
    agent('chatty', async function* () {
      try {
        for (;;) yield 'and'
      } finally {
        cleaned()
      }
    })
  )
  for await (const output of start('chatty')) {
    expect(output).toBe('and')
    break
  }
  expect(cleaned).toHaveBeenCalledOnce()
})

test('an agent that never waits does not keep timers and sockets from their turn', async () => {
  const { start } = setup(
    agent('chatty', async function* () {
      for (;;) yield 'and'
    })
  )
  let turns = 0
  setImmediate(function count() {
    if (++turns < 3) setImmediate(count)
  })
  for await (const _ of start('chatty')) if (turns === 3) break
  expect(turns).toBe(3)
})

test('an unknown agent is named', async () => {
  await expect(setup().collect('nobody')).rejects.toMatchObject({
    code: 'AGENT_UNKNOWN',
    details: { agent: 'nobody' }
  })
})

test('stopping ends what runs, lets agents release what they hold, and takes nothing new', async () => {
  const released = vi.fn<() => Promise<void>>(async () => {})
  const { runner, collect, clock } = setup(
    agent('waiting', async function* ({ signal }) {
      yield await aborted(signal)
    }),
    agent('holder', async function* () {}, released)
  )
  const ended = collect('waiting').catch((error: unknown) => error)
  await clock.advance(0)
  await runner.stop()
  await runner.stop()
  expect(await ended).toMatchObject({ code: 'SHUTTING_DOWN' })
  expect(released).toHaveBeenCalledOnce()
  await expect(collect('holder')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
})

test('an agent that does not stop holds the node up no longer than the grace period', async () => {
  const { runner, clock } = setup(agent('stuck', async function* () {}, never))
  const stopped = vi.fn<() => void>()
  const stopping = runner.stop().then(stopped)
  await clock.advance(LIMITS.cancelGrace.value)
  await stopping
  expect(stopped).toHaveBeenCalledOnce()
})
