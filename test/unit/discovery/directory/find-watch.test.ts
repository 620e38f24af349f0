import { expect, onTestFinished, test } from 'vitest'
import {
  LOOK_AGAIN_MS,
  SETTLE_MS,
  watchProviders
} from '../../../../discovery/directory/find-watch.ts'
import type { ProviderChange } from '../../../../discovery/directory/find-watch.ts'
import { createDiscoveryNode, createTestSwarm, testAgent } from '../../../support/discovery-node.ts'
import { testSkill } from '../../../support/identity.ts'

function seer(description: string) {
  return testAgent('eyes', { skills: [testSkill('vision.caption', { description })] })
}

async function setup() {
  const swarm = createTestSwarm(1)
  const [alice, bob] = await Promise.all([
    createDiscoveryNode(swarm, { seed: 1 }),
    createDiscoveryNode(swarm, { seed: 2, agents: [seer('sees')] })
  ])
  const leaving = new AbortController()
  await alice.start()
  const told: string[] = []
  const parts = { ...alice, clock: swarm.clock }
  const watch = async (): Promise<void> => {
    for await (const change of watchProviders(parts, { query: 'vision' }, leaving.signal)) {
      told.push(lineOf(change))
    }
  }
  const watched = watch()
  onTestFinished(async () => {
    leaving.abort()
    await swarm.run(Promise.allSettled([watched, alice.stop(), bob.stop()]))
    // Nobody listens any more.
    expect(alice.directory.events.listenerCount('changed')).toBe(0)
  })
  const news = async (ms: number): Promise<string[]> => {
    await swarm.advance(ms)
    return told.splice(0)
  }
  return { swarm, bob, news }
}

function lineOf(change: ProviderChange): string {
  if (change.type === 'ready') return change.type
  const { name, agentId, skill, load, connected } = change.provider
  const away = connected ? '' : ', away'
  return `${change.type} ${agentId} on ${name}: ${skill.description}, ${load}${away}`
}

test('agents are told when they come, change and go', async () => {
  const { swarm, bob, news } = await setup()
  expect(await news(2000)).toEqual(['ready'])
  await bob.start()
  expect(await news(2000)).toEqual(['appeared eyes on node-2: sees, 0'])
  await swarm.run(bob.book.setAgents([seer('sees more')]))
  expect(await news(2000)).toEqual(['changed eyes on node-2: sees more, 0'])
  await swarm.run(bob.stop())
  expect(await news(2000)).toEqual(['vanished eyes on node-2: sees more, 0'])
})

test('a peer whose load changes much is told anew, one whose cards are signed anew is not', async () => {
  const { swarm, bob, news } = await setup()
  await bob.start()
  await news(2000)
  bob.state.load = 0.05
  await swarm.run(bob.book.setAgents([seer('sees')]))
  expect(await news(5000)).toEqual([])
  bob.state.load = 0.5
  bob.presence.loadChanged()
  expect(await news(2 * (LOOK_AGAIN_MS + SETTLE_MS))).toEqual(['changed eyes on node-2: sees, 0.5'])
})

test('a peer that falls silent vanishes when it is no longer believed to be there', async () => {
  const { bob, news } = await setup()
  await bob.start()
  await news(2000)
  await bob.kill()
  expect(await news(60_000)).toEqual([
    'changed eyes on node-2: sees, 0, away',
    'vanished eyes on node-2: sees, 0, away'
  ])
})
