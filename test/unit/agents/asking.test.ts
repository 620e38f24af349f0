/** How agents ask others: whoever is at home first, then the swarm, with the time that is left. */
import { expect, test, vi } from 'vitest'
import { defineAgent, inputRequired } from '../../../agents/agent.ts'
import type { Agent, AgentDefinition, AgentRequest } from '../../../agents/agent.ts'
import type { AskSwarm } from '../../../agents/asking.ts'
import { createAgentRunner } from '../../../agents/runner.ts'
import type { AgentRun } from '../../../agents/runner.ts'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { askNobody, noMemory, rosterOf, RUN } from '../../support/agent-runner.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function agentOf(id: string, run: AgentDefinition['run']): Agent {
  const skills = [{ id, name: id, description: 'A skill.', tags: ['test'] }]
  return defineAgent({ id, description: 'An agent.', skills, run })
}

/** These agents, on a node that knows no other. */
function setupAgents(...agents: Agent[]) {
  const clock = new ManualClock()
  const roster = rosterOf(agents, { clock, logger: silentLogger })
  const runner = createAgentRunner({ clock, roster, askSwarm: askNobody, memory: noMemory })
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } as const
  const collect = (agentId: string, signal = new AbortController().signal) =>
    Array.fromAsync(runner.run({ ...RUN, agentId, message, signal }))
  return { clock, collect }
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('too late')))
}

/** An agent that does this, with a friend at home and a swarm that answers `far`. */
function setup(act: (request: AgentRequest) => Promise<unknown>) {
  const askSwarm = vi.fn<AskSwarm>(async () => [{ text: 'far' }])
  const asker = agentOf('asker', async function* (request) {
    yield JSON.stringify(await act(request))
  })
  const friend = agentOf('friend', async function* ({ text }) {
    yield `near: ${text}`
    yield '!'
  })
  const clock = new ManualClock()
  const roster = rosterOf([asker, friend], { clock, logger: silentLogger })
  const runner = createAgentRunner({ clock, roster, askSwarm, memory: noMemory })
  async function run(more: Partial<AgentRun> = {}): Promise<unknown> {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } as const
    const { signal } = new AbortController()
    const [said] = await Array.fromAsync(
      runner.run({ ...RUN, agentId: 'asker', message, signal, ...more })
    )
    return JSON.parse(typeof said === 'string' ? said : '')
  }
  return { askSwarm, run }
}

test.for(['friend', '@friend'])('"%s" is asked at home', async (target) => {
  const { askSwarm, run } = setup(({ ask }) => ask(target, 'you?'))
  expect(await run()).toEqual([{ text: 'near: you?!' }])
  expect(askSwarm).not.toHaveBeenCalled()
})

test.for(['stranger', '@friend@birch', 'some.skill'])(
  '"%s" is asked of the swarm',
  async (target) => {
    const { askSwarm, run } = setup(({ ask }) => ask(target, 'you?'))
    expect(await run({ taskId: 'T', contextId: 'C' })).toEqual([{ text: 'far' }])
    expect(askSwarm.mock.lastCall?.[0]).toMatchObject({
      target,
      parts: [{ text: 'you?' }],
      parent: 'T',
      contextId: 'C'
    })
  }
)

test('the swarm is given what is left of the time, less what the asker needs itself', async () => {
  const { askSwarm, run } = setup(({ ask }) => ask('stranger', ''))
  await run({ remainingMs: () => 1000 })
  expect(askSwarm.mock.lastCall?.[0].timeoutMs()).toBe(1000 - LIMITS.hopMargin.value)
})

test('with no time left nobody is asked', async () => {
  const { askSwarm, run } = setup(({ ask }) => ask('stranger', ''))
  const out = run({ remainingMs: () => LIMITS.hopMargin.value })
  await expect(out).rejects.toMatchObject({ code: 'TIMED_OUT' })
  expect(askSwarm).not.toHaveBeenCalled()
})

test('each hop counts, near or far, and too many end', async () => {
  const { askSwarm, run } = setup(({ ask }) => ask('stranger', ''))
  const most = LIMITS.agentAskDepth.value
  await run({ depth: most - 1 })
  expect(askSwarm.mock.lastCall?.[0].depth).toBe(most)
  await expect(run({ depth: most })).rejects.toMatchObject({
    code: 'ASKED_TOO_DEEP',
    details: { limit: most }
  })
  expect(askSwarm).toHaveBeenCalledOnce()
})

test('an agent whose task is over can ask nobody any more', async () => {
  let kept: AgentRequest | undefined
  const { askSwarm, run } = setup(async (request) => {
    kept = request
  })
  await run().catch(() => {})
  await expect(kept?.ask('stranger', '')).rejects.toThrow('the task is over')
  await expect(kept?.ask('friend', '')).rejects.toThrow('the task is over')
  expect(askSwarm).not.toHaveBeenCalled()
})

test('whoever waits for somebody that is alive is alive', async () => {
  const heartbeat = vi.fn<() => void>()
  const { run } = setup(({ ask }) => ask('friend', ''))
  await run({ heartbeat })
  expect(heartbeat).toHaveBeenCalledTimes(2)
})

test('asking returns the parts of the other agent’s result', async () => {
  const { collect } = setupAgents(
    agentOf('asker', async function* ({ ask }) {
      yield JSON.stringify(await ask('asked', 'what?'))
    }),
    agentOf('asked', async function* ({ text }) {
      yield { type: 'progress', text: 'hm' }
      yield `you said ${text}, `
      yield { type: 'artifact', artifact: { artifactId: 'aside', parts: [{ text: 'aside' }] } }
      yield 'yes'
    })
  )
  expect(await collect('asker')).toEqual(['[{"text":"you said what?, yes"}]'])
})

test('what the other says is told while it says it', async () => {
  const told: unknown[] = []
  const step = { kind: 'tool-text', callId: 'c', text: 't' } as const
  const { collect } = setupAgents(
    agentOf('asker', async function* ({ ask }) {
      await ask('asked', '', {
        onText: (text) => void told.push(text),
        onEvent: (event) => void told.push(event)
      })
      yield 'done'
    }),
    agentOf('asked', async function* () {
      yield 'one '
      yield { type: 'progress', text: 'hm', step }
      yield { type: 'artifact', artifact: { artifactId: 'aside', parts: [{ text: 'aside' }] } }
      yield { type: 'artifact', artifact: { artifactId: 'result', parts: [{ text: 'two' }] } }
    })
  )
  await collect('asker')
  expect(told).toEqual([
    { type: 'routed', agent: 'asked' },
    'one ',
    { type: 'progress', text: 'hm', step },
    'two'
  ])
})

test('a question can be given up while the run goes on', async () => {
  const heard = vi.fn<() => void>()
  const gaveUp = new AbortController()
  const { collect, clock } = setupAgents(
    agentOf('asker', async function* ({ ask }) {
      yield await ask('slow', '', { signal: gaveUp.signal }).then(String, () => 'without it, then')
    }),
    agentOf('slow', async function* ({ signal }) {
      signal.addEventListener('abort', () => heard())
      yield await aborted(signal)
    })
  )
  const said = collect('asker')
  await clock.advance(0)
  gaveUp.abort(new Error('enough'))
  expect(await said).toEqual(['without it, then'])
  expect(heard).toHaveBeenCalledOnce()
})

test('agents that ask in a circle are stopped', async () => {
  const { collect } = setupAgents(
    agentOf('ping', async function* ({ ask }) {
      yield JSON.stringify(await ask('pong', ''))
    }),
    agentOf('pong', async function* ({ ask }) {
      yield JSON.stringify(await ask('ping', ''))
    })
  )
  await expect(collect('ping')).rejects.toMatchObject({ code: 'ASKED_IN_CIRCLE' })
})

test('cancelling a task cancels whom it asks', async () => {
  const heard = vi.fn<() => void>()
  const { collect, clock } = setupAgents(
    agentOf('asker', async function* ({ ask }) {
      yield JSON.stringify(await ask('slow', ''))
    }),
    agentOf('slow', async function* ({ signal }) {
      signal.addEventListener('abort', () => heard())
      yield await aborted(signal)
    })
  )
  const controller = new AbortController()
  const ended = collect('asker', controller.signal).catch((error: unknown) => error)
  await clock.advance(0)
  const reason = new Error('enough')
  controller.abort(reason)
  expect(await ended).toBe(reason)
  expect(heard).toHaveBeenCalledOnce()
})

test('an agent that is asked by another one cannot ask back', async () => {
  const { collect } = setupAgents(
    agentOf('asker', async function* ({ ask }) {
      yield JSON.stringify(await ask('unsure', ''))
    }),
    agentOf('unsure', async function* () {
      yield inputRequired('which one?')
    })
  )
  await expect(collect('asker')).rejects.toMatchObject({
    code: 'AGENT_FAILED',
    details: { agent: 'unsure' }
  })
})

test('asking for more than an agent may collect fails', async () => {
  const { collect } = setupAgents(
    agentOf('asker', async function* ({ ask }) {
      yield String((await ask('endless', '')).length)
    }),
    agentOf('endless', async function* () {
      for (;;) yield 'x'.repeat(1024 * 1024)
    })
  )
  await expect(collect('asker')).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})
