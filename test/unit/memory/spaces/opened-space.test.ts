/** A space as agents use it: how long what is put for a time lives. */
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import { Secret } from '../../../../core/secret.ts'
import { createLiveQueue } from '../../../../memory/live/receiver.ts'
import { createOpenedSpace } from '../../../../memory/spaces/opened-space.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { NOON } from '../../../support/memory-arbitraries.ts'
import { batch, foreign, testReplica } from '../../../support/memory-replica.ts'
import { toySigner } from '../../../support/memory-world.ts'
import { seededRandom } from '../../../support/random.ts'

async function setup() {
  const disk = await testReplica()
  const clock = new ManualClock()
  clock.jump(NOON)
  const { memory } = createOpenedSpace({
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    queue: createLiveQueue(),
    authorsOf: () => [],
    blame: { add: () => {} },
    store: disk.store,
    signer: toySigner('me'),
    seed: new Secret(new Uint8Array(32)),
    onSaid: () => {},
    replica: disk.replica,
    keeper: { missing: () => {}, differs: () => {} },
    pubsub: undefined,
    compare: async () => []
  })
  const pass = (ms: number): void => {
    clock.jump(ms)
    disk.clock.at += ms
  }
  return { memory, replica: disk.replica, pass }
}

test('what is put for a second is gone after it', async () => {
  const { memory, pass } = await setup()
  const entry = await memory.put('a', Buffer.from('1'), { ttlMs: 1000 })
  expect(entry.expires).toBe(NOON + 1000)
  pass(999)
  expect(await memory.get('a')).toBeDefined()
  pass(1)
  expect(await memory.get('a')).toBeUndefined()
})

test('it lives from its own time on, which is ahead where another’s clock is', async () => {
  const { memory, replica } = await setup()
  await replica.receive(batch([foreign({ sequence: 1, key: 'b', value: 'x', ms: NOON + 59_000 })]))
  const entry = await memory.put('a', Buffer.from('1'), { ttlMs: 1000 })
  expect(entry.expires).toBe(NOON + 60_000)
  expect(await memory.get('a')).toBeDefined()
})

test('the wait for the disk does not count', async () => {
  const { memory, pass } = await setup()
  const put = memory.put('a', Buffer.from('1'), { ttlMs: 5 })
  pass(10)
  expect((await put).expires).toBe(NOON + 15)
})
