import { expect, test, vi } from 'vitest'
import { defineAgent } from '../../../agents/agent.ts'
import type { Agent } from '../../../agents/agent.ts'
import { createRoster } from '../../../agents/roster.ts'
import type { RosterInit } from '../../../agents/roster.ts'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const run: Agent['run'] = async function* () {}

function agent(id: string, stop?: () => Promise<void>): Agent {
  const skills = [{ id, name: id, description: 'A skill.', tags: ['test'] }]
  return defineAgent({ id, description: 'An agent.', skills, run, ...(stop && { stop }) })
}

function setup(init: Omit<RosterInit, 'announce'> = {}) {
  const clock = new ManualClock()
  const announced: string[][] = []
  const roster = createRoster(
    { clock, logger: silentLogger },
    {
      ...init,
      announce: async (agents) => {
        announced.push(agents.map(({ id }) => id))
      }
    }
  )
  return { clock, roster, announced }
}

test('a source replaces its own agents and nobody else’s, and the node tells others each time', async () => {
  const { roster, announced } = setup()
  await roster.assign('builtin', [agent('echo'), agent('calc')])
  await roster.assign('dev:a.ts', [agent('mine')])
  await roster.assign('dev:a.ts', [agent('mine'), agent('more')])
  await roster.assign('dev:a.ts', [])

  expect(announced).toEqual([
    ['echo', 'calc'],
    ['echo', 'calc', 'mine'],
    ['echo', 'calc', 'mine', 'more'],
    ['echo', 'calc']
  ])
})

test('an agent that is replaced runs to its end, and only then is stopped', async () => {
  const { roster } = setup()
  const stop = vi.fn<() => Promise<void>>(async () => {})
  const [old, young] = [agent('mine', stop), agent('mine')]
  await roster.assign('dev:a.ts', [old])
  const first = roster.borrow('mine')
  const second = roster.borrow('mine')
  await roster.assign('dev:a.ts', [young])

  expect(first?.agent).toBe(old)
  expect(roster.borrow('mine')?.agent).toBe(young)
  first?.giveBack()
  expect(stop).not.toHaveBeenCalled()
  second?.giveBack()
  expect(stop).toHaveBeenCalledOnce()
})

test('an agent that stays is not stopped, whatever comes and goes beside it', async () => {
  const { roster } = setup()
  const stop = vi.fn<() => Promise<void>>(async () => {})
  const stays = agent('stays', stop)
  await roster.assign('host:a', [agent('goes'), stays])
  await roster.assign('host:a', [stays])

  expect(stop).not.toHaveBeenCalled()
  expect(roster.find('stays')).toBe(stays)
})

test('two agents cannot have the same id, and who comes second changes nothing', async () => {
  const { roster } = setup()
  const echo = agent('echo')
  await roster.assign('builtin', [echo])

  const taken = expect.objectContaining({ code: 'AGENT_EXISTS' })
  await expect(roster.assign('host:a', [agent('new'), agent('echo')])).rejects.toEqual(taken)
  await expect(roster.assign('host:a', [agent('new'), agent('new')])).rejects.toEqual(taken)
  expect(roster.agents()).toEqual([echo])
})

test('a node offers no more agents than peers take cards from it', async () => {
  const { roster } = setup()
  const limit = LIMITS.cardsPerPeer.value
  const many = Array.from({ length: limit }, (_, index) => agent(`agent-${index}`))
  await roster.assign('host:a', many)

  const full = expect.objectContaining({ code: 'AGENTS_FULL' })
  await expect(roster.assign('host:b', [agent('one-more')])).rejects.toEqual(full)
  expect(roster.agents()).toHaveLength(limit)
})

test('a disabled agent is neither asked nor told of, until it is enabled', async () => {
  const { roster, announced } = setup({ disabled: ['later'] })
  await roster.assign('builtin', [agent('echo'), agent('later')])
  await roster.setEnabled('echo', false)

  expect(announced).toEqual([['echo'], []])
  expect(roster.borrow('echo')).toBeUndefined()
  expect(roster.find('later')).toBeUndefined()
  expect(roster.disabled()).toEqual(['later', 'echo'])
  expect(roster.entries().map(({ enabled }) => enabled)).toEqual([false, false])

  await roster.setEnabled('echo', true)
  expect(roster.agents().map(({ id }) => id)).toEqual(['echo'])
})

test('the end stops every agent once, those that were replaced while they worked too', async () => {
  const { roster } = setup()
  const stop = vi.fn<() => Promise<void>>(async () => {})
  await roster.assign('dev:a.ts', [agent('mine', stop)])
  const borrowed = roster.borrow('mine')
  await roster.assign('dev:a.ts', [agent('mine', stop)])

  await roster.stop()
  borrowed?.giveBack()
  expect(stop).toHaveBeenCalledTimes(2)
})

test('an agent that does not stop keeps nobody waiting for ever', async () => {
  const { clock, roster } = setup()
  await roster.assign('host:a', [
    agent('stuck', () => new Promise(() => {})),
    agent('clumsy', () => Promise.reject(new Error('no')))
  ])
  const stopped = roster.stop()
  await clock.advance(LIMITS.cancelGrace.value)

  await expect(stopped).resolves.toBeUndefined()
})
