/** Agents that ask their caller: what they are given, and what leaves them. */
import { onTestFinished, expect, test } from 'vitest'
import { authRequired, callerTexts, defineAgent, inputRequired } from '../../../agents/agent.ts'
import type { AgentRun } from '../../../agents/runner.ts'
import { createAgentRunner } from '../../../agents/runner.ts'
import type { Message } from '../../../core/a2a.ts'
import { silentLogger } from '../../../core/logger.ts'
import { noMemory, rosterOf } from '../../support/agent-runner.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const listener = defineAgent({
  id: 'listener',
  description: 'Repeats what it heard, and asks for more.',
  skills: [{ id: 'listen', name: 'Listen', description: 'Listens.', tags: ['test'] }],
  async *run(request) {
    yield callerTexts(request).join('|')
    if (request.history.length === 1) yield inputRequired('more?')
    else yield authRequired('may I?', [{ data: { round: request.history.length } }])
  }
})

function said(text: string, role: Message['role']): Message {
  return { messageId: text, role, parts: [{ text }] }
}

function outputs(more: Partial<AgentRun>) {
  const clock = new ManualClock()
  const components = {
    clock,
    roster: rosterOf([listener], { clock, logger: silentLogger }),
    askSwarm: () => Promise.reject(new TypeError('nobody asks')),
    memory: noMemory
  }
  const runner = createAgentRunner(components)
  onTestFinished(() => runner.stop())
  return Array.fromAsync(
    runner.run({
      agentId: 'listener',
      taskId: 't',
      contextId: 'c',
      caller: 'me',
      message: said('order', 'ROLE_USER'),
      signal: new AbortController().signal,
      heartbeat: () => {},
      leftBehind: () => {},
      depth: 0,
      remainingMs: () => Infinity,
      ...more
    })
  )
}

test('a task begins with one message', async () => {
  expect(await outputs({})).toEqual(['order', { type: 'input-required', text: 'more?', parts: [] }])
})

test('an answer comes with all that was said before it', async () => {
  const message = said('answer', 'ROLE_USER')
  const history = [said('order', 'ROLE_USER'), said('more?', 'ROLE_AGENT'), message]
  expect(await outputs({ message, history })).toEqual([
    'order|answer',
    { type: 'auth-required', text: 'may I?', parts: [{ data: { round: 3 } }] }
  ])
})
