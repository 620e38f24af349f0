/** With whom a node speaks about its shared memory at all. */
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { Secret } from '../../../../core/secret.ts'
import { createSharedMemory } from '../../../../memory/spaces/open-spaces.ts'
import { encodeRecord, NO_PREVIOUS } from '../../../../memory/replica/record.ts'
import type { MemoryId } from '../../../../memory/replica/record.ts'
import { createSigner } from '../../../../memory/replica/record-signature.ts'
import type { Signer } from '../../../../memory/replica/record-signature.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import * as codec from '../../../../protocols/replication/codec.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { createBlame } from '../../../../trust/blame.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { SessionNetwork } from '../../../support/session-network.ts'

interface Setup {
  readonly mayRead?: boolean
  /** Authors on the members list. */
  readonly members?: readonly string[]
}

async function setup({ mayRead = true, members }: Setup = {}) {
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
      ...(members && {
        listedAuthors: { all: () => new Set(members), onChanged: () => () => undefined }
      }),
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
  return { clock, network, sessions, memory }
}

async function askedOf(peer: string, mayRead: boolean): Promise<readonly string[]> {
  const { clock, network, memory } = await setup({ mayRead })
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

function signerOf(seed: number): Signer {
  return createSigner(new Secret(new Uint8Array(32).fill(seed)))
}

const ADA = signerOf(2)
const MADE_UP = signerOf(3)

/** As `memory.push` has it: one record of `signer`. */
function pushOf(space: MemoryId, signer: Signer): Uint8Array {
  const name = { author: signer.author, nonce: 'ab'.repeat(16) }
  const body = { space, writer: writerId(space, name), sequence: 1, time: { ms: 1, counter: 0 } }
  const said = { key: signer.author, value: Buffer.from('1'), deleted: false, sealed: false }
  const { bytes } = encodeRecord({ ...body, ...said, previous: NO_PREVIOUS }, signer.sign)
  const layout = codec.pair(codec.id, codec.batch)
  return codec.encode(layout, [space, { writer: name, records: [bytes] }])
}

function offerOf(signer: Signer): Uint8Array {
  const genesis = { ...DEFAULT_QUOTAS, name: 'team', mode: 'open', sealed: false } as const
  const { bytes } = createSpace(
    { ...genesis, nonce: '01'.repeat(16), owner: signer.author },
    signer
  )
  return Buffer.concat([Uint8Array.of(0, 1, 0, bytes.length), bytes])
}

test('a member brings no space of an owner who is not on the list, and of all such authors what one may have', async () => {
  const { sessions, memory } = await setup({ members: [ADA.author] })
  const { space } = memory.space('shared')
  const context = { headers: {}, signal: new AbortController().signal, remainingMs: () => 1000 }
  const call = async (method: string, body: Uint8Array) =>
    sessions.handlers.get(method)?.(body, { ...context, peer: 'liar' })
  await call('memory.offer', offerOf(MADE_UP))
  expect(memory.spaces()).toHaveLength(1)
  await call('memory.offer', offerOf(ADA))
  expect(memory.spaces()).toHaveLength(2)
  // The first number of a receipt is how many records were applied.
  const applied = async (signer: Signer) =>
    Buffer.from((await call('memory.push', pushOf(space.id, signer))) ?? []).readUInt16BE(0)
  for (let made = 0; made < LIMITS.memoryWritersPerAuthor.value; made += 1) {
    await applied(createSigner(new Secret(Buffer.from(made.toString(16).padStart(64, '0'), 'hex'))))
  }
  expect(await applied(MADE_UP)).toBe(0)
  expect(await applied(ADA)).toBe(1)
})
