/** With whom a node speaks about its shared memory at all. */
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { Secret } from '../../../core/secret.ts'
import { createSharedMemory } from '../../../memory/open-spaces.ts'
import { createSigner } from '../../../memory/record-signature.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import { createBlame } from '../../../trust/blame.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { SessionNetwork } from '../../support/session-network.ts'

async function askedOf(peer: string, mayRead: boolean): Promise<readonly string[]> {
  const clock = new ManualClock()
  const network = new SessionNetwork(clock)
  const sessions = network.add('m')
  const store = createMemoryStore()
  const seed = new Secret(new Uint8Array(32).fill(1))
  const signer = createSigner(seed)
  const memory = createSharedMemory(
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      store: () => store,
      signer,
      seed,
      authorsOf: () => [signer.author],
      mayRead: () => mayRead,
      sessions,
      pubsub: undefined,
      blame: createBlame({ clock, logger: silentLogger })
    },
    { self: 'm', swarm: 'home', isWhole: () => true }
  )
  await memory.start()
  await memory.exchange.start()
  onTestFinished(async () => {
    await memory.exchange.stop()
    await memory.stop()
  })
  await memory.space('shared').put('plan', Buffer.from('ours'))
  network.add(peer)
  network.link('m', peer)
  await clock.advance(120_000)
  return [...network.calls.keys()].filter((method) => method.startsWith('memory.'))
}

// On meeting, the one whose id comes first begins.
test.each(['a', 'z'])('a peer that may read is compared with: %s', async (peer) => {
  expect(await askedOf(peer, true)).toContain('memory.summary')
})

test.each(['a', 'z'])('one whose role lets it read nothing is told nothing: %s', async (peer) => {
  expect(await askedOf(peer, false)).toEqual([])
})
