import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { RPC } from '@libp2p/gossipsub/message'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { MUTE_POINTS, withIntake } from '../../../../node/libp2p/gossip-intake.ts'
import { createBlame } from '../../../../trust/blame.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const MESSAGE_MS = 1
const AUTHOR = (await generateKeyPair('Ed25519')).publicKey.toMultihash().bytes

/** gossipsub as far as it receives: a message takes a millisecond, and one of a liar is found to be false. */
class FakeGossip {
  readonly parts: RPC[] = []
  readonly score = { rejectInvalidMessage: (peer: string) => void this.invalid.push(peer) }
  readonly invalid: string[] = []
  getTopics = () => ['talk']
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async handleReceivedRpc(from: { toString(): string }, rpc: RPC): Promise<void> {
    this.parts.push(rpc)
    for (const _ of rpc.messages) {
      this.#clock.jump(MESSAGE_MS)
      if (from.toString() === 'liar') this.score.rejectInvalidMessage('liar')
    }
  }

  get heard(): number {
    return this.parts.flatMap((part) => part.messages).length
  }
}

function setup() {
  const clock = new ManualClock()
  const blame = createBlame({ clock, logger: silentLogger })
  const turns: (() => void)[] = []
  const gossip = new FakeGossip(clock)
  const defer = (action: () => void): void => void turns.push(action)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of it as is used
  const create = () => gossip as unknown as GossipSub
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing registers here
  const parts = { registrar: {} } as GossipSubComponents
  withIntake({ clock, defer, blame }, create)(parts)
  const receive = (from: string, rpc: RPC) =>
    gossip.handleReceivedRpc({ toString: () => from }, rpc)
  const endTurn = async () => {
    for (const turn of turns.splice(0)) turn()
    await clock.advance(0)
  }
  return { clock, blame, gossip, receive, endTurn }
}

function messages(count: number): RPC {
  return {
    subscriptions: [],
    messages: Array.from({ length: count }, () => ({ topic: 'talk', from: AUTHOR }))
  }
}

test('messages that came together are checked in shares of the turns, and those of others among them', async () => {
  const { clock, gossip, receive, endTurn } = setup()
  const most = LIMITS.gossipTurn.value / MESSAGE_MS
  const all = [receive('one', messages(3 * most)), receive('two', messages(2))]
  await clock.advance(0)
  expect(gossip.heard).toBeLessThanOrEqual(most)
  for (let turns = 0; turns < 2; turns++) await endTurn()
  await all[1]
  expect(gossip.heard).toBeLessThanOrEqual(3 * most)
  for (let turns = 0; turns < 3; turns++) await endTurn()
  await all[0]
  expect(gossip.heard).toBe(3 * most + 2)
})

test('what belongs to messages comes before them and after them, as gossipsub has it', async () => {
  const { gossip, receive } = setup()
  const subscriptions = [{ subscribe: true, topic: 'talk' }]
  const control = { ihave: [], iwant: [], graft: [], prune: [], idontwant: [] }
  await receive('one', { subscriptions, messages: [], control })
  await receive('one', { ...messages(2), subscriptions, control })
  const [whole, before, first, second, after] = gossip.parts
  expect(whole).toEqual({ subscriptions, messages: [], control })
  expect(before).toEqual({ subscriptions, messages: [] })
  expect([first, second]).toEqual([messages(1), messages(1)])
  expect(after).toEqual({ subscriptions: [], messages: [], control })
})

test('what was not subscribed to is not looked at', async () => {
  const { gossip, receive } = setup()
  const said = ['other', 'talk'].map((topic) => ({ topic, from: AUTHOR }))
  await receive('one', { subscriptions: [], messages: said })
  expect(gossip.parts.flatMap((part) => part.messages)).toEqual([{ topic: 'talk', from: AUTHOR }])
})

test('what an author with another kind of key says is not looked at: to check it may take ten times as long', async () => {
  const { gossip, receive, endTurn } = setup()
  const secp256k1 = await generateKeyPair('secp256k1')
  const rsa = Buffer.concat([Buffer.of(0x12, 32), randomBytes(32)])
  const authors = [secp256k1.publicKey.toMultihash().bytes, rsa, Buffer.of(), AUTHOR]
  const said = authors.map((from) => ({ topic: 'talk', from }))
  void receive('one', { subscriptions: [], messages: [...said, { topic: 'talk' }] })
  for (let turns = 0; turns < 2; turns++) await endTurn()
  expect(gossip.parts.flatMap((part) => part.messages)).toEqual([{ topic: 'talk', from: AUTHOR }])
})

test('wrong signatures count against who passed them on, and who has many is not listened to', async () => {
  const { blame, gossip, receive, endTurn } = setup()
  const lying = receive('liar', messages(500))
  for (let turns = 0; turns < 10; turns++) await endTurn()
  await lying
  expect(gossip.heard).toBeLessThanOrEqual(MUTE_POINTS + 2)
  expect(gossip.invalid).toHaveLength(gossip.heard)
  expect(blame.points('liar')).toBeGreaterThan(MUTE_POINTS)
  await receive('honest', messages(1))
  expect(gossip.parts.at(-1)).toEqual(messages(1))
})

test('who says more than there is time for is heard later, and nothing of it is lost', async () => {
  const { clock, blame, gossip, receive } = setup()
  const { gossipPeerBurst, gossipPeerRate } = LIMITS
  for (let said = 0; said < gossipPeerBurst.value; said++) {
    void receive('one', { subscriptions: [], messages: [] })
  }
  await clock.advance(0)
  expect(gossip.parts).toHaveLength(gossipPeerBurst.value)
  const late = receive('one', messages(gossipPeerRate.value - 1))
  const other = receive('other', { subscriptions: [], messages: [] })
  await other
  expect(gossip.heard).toBe(0)
  await clock.advance(999)
  expect(gossip.heard).toBe(0)
  await clock.advance(1)
  expect(gossip.heard).toBeGreaterThan(0)
  expect(blame.points('one')).toBe(0)
  void late
})
