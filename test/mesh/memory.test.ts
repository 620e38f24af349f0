/** Shared memory between whole nodes over TCP: updates live, and all that gossip lost by repair. */
import { expect, test } from 'vitest'
import { spaceTopic } from '../../memory/live/message.ts'
import type { Assembly } from '../../node/assembly.ts'
import { converged, met, putMany, shared, startMemoryNode } from '../support/memory-nodes.ts'
import type { MemoryNodeInit } from '../support/memory-nodes.ts'
import { testFolder } from '../support/started-nodes.ts'

async function twoNodes(config: Omit<MemoryNodeInit, 'name'> = {}) {
  const folder = testFolder()
  const [amber, birch] = await Promise.all([
    startMemoryNode(folder, { name: 'amber', ...config }),
    startMemoryNode(folder, { name: 'birch', ...config })
  ])
  await met([amber, birch])
  return { folder, amber, birch, both: [amber, birch] }
}

async function textAt(node: Assembly, key: string): Promise<string | undefined> {
  const entry = await shared(node).get(key)
  return entry && Buffer.from(entry.value).toString()
}

test('what one node puts, another reads at once', async () => {
  const { amber, birch } = await twoNodes()
  await shared(amber).put('first', Buffer.from('1'))
  await expect.poll(() => textAt(birch, 'first'), { timeout: 10_000 }).toBe('1')
  const arrivals = watchKeys(birch)
  // One after the other, 200 times: repair comes every half minute, and would take hours.
  for (let index = 0; index < 200; index += 1) {
    const key = `fact/${index}`
    await shared(amber).put(key, Buffer.from('x'.repeat(200)))
    await arrivals.of(key)
  }
  await arrivals.stop()
})

function watchKeys(node: Assembly) {
  const ended = new AbortController()
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  const arrival = (key: string): PromiseWithResolvers<void> => {
    const known = waiting.get(key) ?? Promise.withResolvers<void>()
    waiting.set(key, known)
    return known
  }
  const watching = (async () => {
    for await (const event of shared(node).watch({}, ended.signal)) {
      if (event.type === 'put') arrival(event.entry.key).resolve()
    }
  })()
  return {
    of: (key: string) => arrival(key).promise,
    async stop() {
      ended.abort()
      await watching
    }
  }
}

test('nodes that met before they wrote converge without gossip', async () => {
  const { amber, birch, both } = await twoNodes({ memory: { gossip: false } })
  await putMany(amber, 'a/', 300)
  await putMany(birch, 'b/', 300)
  // Comparing comes round every half minute; whoever meets again compares at once.
  await amber.wire.sessions.disconnect(birch.wire.identity.peer)
  await amber.wire.sessions.connect(birch.wire.identity.peer)
  await converged(both, { atLeast: 600 })
  expect(await textAt(amber, 'b/7')).toBe(await textAt(birch, 'b/7'))
})

test('both sides of a partition wrote, and end equal when it is over', async () => {
  const { folder, amber, birch, both } = await twoNodes()
  await putMany(amber, 'before/', 50)
  await converged(both, { atLeast: 50 })
  await birch.stop()
  await putMany(amber, 'a/', 200)
  await shared(amber).put('both', Buffer.from('amber'))
  await amber.stop()
  const apart = await startMemoryNode(folder, { name: 'birch' })
  await putMany(apart, 'b/', 200)
  await shared(apart).put('both', Buffer.from('birch'))
  const back = await startMemoryNode(folder, { name: 'amber' })
  await converged([back, apart], { atLeast: 451 })
  expect(await textAt(back, 'both')).toBe('birch')
  expect(await textAt(apart, 'both')).toBe('birch')
  // Whoever took the greater record first has no other to send: one of them knows what was lost.
  const lost = async (): Promise<string[]> => {
    const all = await Promise.all([back, apart].map((node) => shared(node).history('both')))
    return all.flat().map(({ value }) => Buffer.from(value).toString())
  }
  await expect.poll(lost).toContain('amber')
})

test('a space that was made while nodes run is live on all of them', async () => {
  const { amber, birch } = await twoNodes()
  const { space } = await amber.memory.create({ name: 'notes', mode: 'open', sealed: false })
  const names = (): string[] => birch.memory.spaces().map((each) => each.space.name)
  await expect.poll(names, { timeout: 5000 }).toContain('notes')
  const { pubsub } = amber.wire
  await expect
    .poll(() => pubsub.subscribers(spaceTopic(space.id)), { timeout: 5000 })
    .toHaveLength(1)
  const told = Promise.withResolvers<void>()
  const ended = new AbortController()
  const watching = (async () => {
    for await (const event of birch.memory.space('notes').watch({}, ended.signal)) {
      if (event.type === 'put') told.resolve()
    }
  })()
  await amber.memory.space('notes').put('a', Buffer.from('1'))
  // Without gossip it would take half a minute.
  await expect
    .poll(async () => birch.memory.space('notes').get('a'), { timeout: 3000 })
    .toBeDefined()
  await told.promise
  ended.abort()
  await watching
})

test('a node that joins late gets all there is', async () => {
  const { folder, amber, both } = await twoNodes()
  await putMany(amber, 'a/', 2000)
  await converged(both, { atLeast: 2000 })
  const late = await startMemoryNode(folder, { name: 'late' })
  await converged([...both, late], { atLeast: 2000 })
  expect(await textAt(late, 'a/1999')).toBe(await textAt(amber, 'a/1999'))
})

test('a node that was restarted goes on as the same writer, and knows what it knew', async () => {
  const folder = testFolder()
  const amber = await startMemoryNode(folder, { name: 'amber' })
  const before = await shared(amber).put('a', Buffer.from('1'))
  await amber.stop()
  const again = await startMemoryNode(folder, { name: 'amber' })
  expect(await shared(again).get('a')).toEqual(before)
  expect(await shared(again).put('b', Buffer.from('2'))).toMatchObject({ writer: before.writer })
})

test('status tells who is in sync, and who is behind by how much', async () => {
  const { amber, birch, both } = await twoNodes({ memory: { gossip: false } })
  await converged(both, { atLeast: 0 })
  await putMany(amber, 'a/', 5)
  const peer = birch.wire.identity.peer
  expect(await shared(amber).status()).toMatchObject({
    keys: 5,
    peers: [{ peer, inSync: false, behind: 5, ahead: 0 }]
  })
})

test('a node that keeps no shared memory is no obstacle', async () => {
  const folder = testFolder()
  const [amber, birch] = await Promise.all([
    startMemoryNode(folder, { name: 'amber' }),
    startMemoryNode(folder, { name: 'birch', memory: { enabled: false } })
  ])
  await met([amber, birch])
  await putMany(amber, 'a/', 5)
  expect(await shared(amber).status()).toMatchObject({ keys: 5, peers: [] })
  expect(() => shared(birch)).toThrow(expect.objectContaining({ code: 'SPACE_UNKNOWN' }))
})
