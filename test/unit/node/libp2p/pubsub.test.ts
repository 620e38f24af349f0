import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub } from '@libp2p/gossipsub'
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import type { Verdict } from '../../../../core/pubsub.ts'
import { createPubSub } from '../../../../node/libp2p/pubsub.ts'
import { quotasOf } from '../../../../trust/role-quotas.ts'
import type { Role } from '../../../../trust/roles.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const TOPIC = '/lumos/presence/1/test'

/** gossipsub as far as the port needs it. */
class FakeGossip extends EventTarget {
  readonly verdicts: unknown[] = []
  readonly topics = new Set<string>()
  readonly publish = vi.fn<(topic: string, data: Uint8Array) => Promise<void>>()
  subscribe = (topic: string) => void this.topics.add(topic)
  unsubscribe = (topic: string) => void this.topics.delete(topic)
  peers = ['peer-a']
  getPeers = () => this.peers
  getSubscribers = () => ['peer-a']
  reportMessageValidationResult = (...verdict: unknown[]) => void this.verdicts.push(verdict)

  receive(msg: { type?: string; topic?: string; from?: string; data?: Uint8Array }) {
    const signed = { type: 'signed', topic: TOPIC, from: 'author', data: new Uint8Array(1), ...msg }
    const detail = { msgId: 'id', propagationSource: 'neighbour', msg: signed }
    this.dispatchEvent(new CustomEvent('gossipsub:message', { detail }))
    return this.verdicts.pop()
  }
}

function setup() {
  const gossip = new FakeGossip()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the port uses these members alone
  const signed = gossip as unknown as GossipSub
  const blame = { add: vi.fn<(peer: string, points: number, reason?: string) => void>() }
  const clock = new ManualClock()
  const roles = new Map<string, Role>()
  const strangers = new Set<string>()
  const pubsub = createPubSub({
    clock,
    gossip: signed,
    logger: silentLogger,
    blame,
    quotaOf: (author) => quotasOf(roles.get(author)),
    isMember: (author) => !strangers.has(author)
  })
  return { gossip, pubsub, blame, clock, roles, strangers }
}

test.for([
  ['accept', TopicValidatorResult.Accept],
  ['ignore', TopicValidatorResult.Ignore],
  ['reject', TopicValidatorResult.Reject]
] as const)('tells gossipsub the verdict of the handler: %s', ([verdict, result]) => {
  const { gossip, pubsub } = setup()
  const handler = vi.fn<(from: string, data: Uint8Array) => Verdict>().mockReturnValue(verdict)
  pubsub.subscribe(TOPIC, handler)
  expect(gossip.receive({ data: Uint8Array.of(7) })).toEqual(['id', 'neighbour', result])
  expect(handler).toHaveBeenCalledWith('author', Uint8Array.of(7), 'neighbour')
})

test('counts what came on a topic since it listens', async () => {
  const { clock, gossip, pubsub } = setup()
  expect(pubsub.heard(TOPIC)).toBeUndefined()
  const leave = pubsub.subscribe(TOPIC, () => 'accept')
  gossip.receive({})
  gossip.receive({ topic: 'another' })
  await clock.advance(500)
  expect(pubsub.heard(TOPIC)).toEqual({ messages: 1, overMs: 500 })
  leave()
  expect(pubsub.heard(TOPIC)).toBeUndefined()
})

test('waits for a verdict that takes its time', async () => {
  const { gossip, pubsub } = setup()
  const verdict = Promise.withResolvers<Verdict>()
  pubsub.subscribe(TOPIC, () => verdict.promise)
  expect(gossip.receive({})).toBeUndefined()
  verdict.resolve('accept')
  await verdict.promise
  expect(gossip.verdicts).toEqual([['id', 'neighbour', TopicValidatorResult.Accept]])
})

test('a verdict that fails costs the message, not the node', async () => {
  const { gossip, pubsub } = setup()
  pubsub.subscribe(TOPIC, () => Promise.reject(new Error('a defect')))
  gossip.receive({})
  await expect
    .poll(() => gossip.verdicts)
    .toEqual([['id', 'neighbour', TopicValidatorResult.Ignore]])
})

test('the neighbour that sent a rejected message is blamed, since it had to check it itself', () => {
  const { gossip, pubsub, blame } = setup()
  pubsub.subscribe(TOPIC, () => 'reject')
  gossip.receive({})
  expect(blame.add).toHaveBeenCalledWith('neighbour', 1, 'gossip')
})

test.for([
  ['unsigned', { type: 'unsigned' }, TopicValidatorResult.Reject],
  [
    'too large',
    { data: new Uint8Array(LIMITS.gossipBytes.value + 1) },
    TopicValidatorResult.Reject
  ],
  ['on a topic without a handler', { topic: 'other' }, TopicValidatorResult.Ignore]
] as const)('does not bother the handler with a message that is %s', ([, message, result]) => {
  const { gossip, pubsub } = setup()
  const handler = vi.fn<() => Verdict>()
  pubsub.subscribe(TOPIC, handler)
  expect(gossip.receive(message)).toEqual(['id', 'neighbour', result])
  expect(handler).not.toHaveBeenCalled()
})

test('a handler that throws costs the message, not the node', () => {
  const { gossip, pubsub } = setup()
  pubsub.subscribe(TOPIC, () => {
    throw new Error('a defect')
  })
  expect(gossip.receive({})).toEqual(['id', 'neighbour', TopicValidatorResult.Ignore])
})

test('an author is heard as often as its role allows, and whoever passes on more is not blamed', async () => {
  const { gossip, pubsub, blame, clock, roles } = setup()
  pubsub.subscribe(TOPIC, () => 'accept')
  const heard = (from: string, count: number) => {
    const verdicts = Array.from({ length: count }, () => gossip.receive({ from }))
    const accepted = ['id', 'neighbour', TopicValidatorResult.Accept]
    return verdicts.filter((verdict) => JSON.stringify(verdict) === JSON.stringify(accepted)).length
  }
  roles.set('client', 'client').set('relay', 'relay')
  const { gossipBurst, gossipRate } = quotasOf('relay')
  expect(heard('relay', LIMITS.gossipBurst.value)).toBe(gossipBurst)
  expect(heard('client', LIMITS.gossipBurst.value)).toBe(quotasOf('client').gossipBurst)
  expect(blame.add).not.toHaveBeenCalled()
  await clock.advance(1000)
  expect(heard('relay', LIMITS.gossipBurst.value)).toBe(gossipRate)
  // From now on it counts as what it has become.
  roles.set('relay', 'member')
  expect(heard('relay', 2 * LIMITS.gossipBurst.value)).toBe(LIMITS.gossipBurst.value)
})

test('what somebody wrote who is no member goes no further, and counts a little against who passed it on', () => {
  const { gossip, pubsub, blame, strangers } = setup()
  const handler = vi.fn<() => Verdict>().mockReturnValue('accept')
  pubsub.subscribe(TOPIC, handler)
  strangers.add('stranger')
  const ignored = ['id', 'neighbour', TopicValidatorResult.Ignore]
  expect(gossip.receive({ from: 'stranger' })).toEqual(ignored)
  expect(handler).not.toHaveBeenCalled()
  const [[peer, points] = []] = blame.add.mock.calls
  expect(peer).toBe('neighbour')
  // A newcomer's first words come before the news that it is one.
  expect(100 * Number(points)).toBeLessThan(1)
  strangers.clear()
  expect(gossip.receive({ from: 'stranger' })).not.toEqual(ignored)
})

test('who itself tells far more than it may is blamed in the end', () => {
  const { gossip, pubsub, blame, roles } = setup()
  pubsub.subscribe(TOPIC, () => 'accept')
  roles.set('neighbour', 'relay')
  const { gossipBurst } = quotasOf('relay')
  for (let n = 0; n < gossipBurst; n++) gossip.receive({ from: 'neighbour' })
  expect(blame.add).not.toHaveBeenCalled()
  for (let n = 0; n < 1000; n++) gossip.receive({ from: 'neighbour' })
  const points = blame.add.mock.calls.reduce((sum, [, more]) => sum + more, 0)
  expect(points).toBeGreaterThanOrEqual(1)
  expect(points).toBeLessThan(8)
})

test('publishes at most what every peer accepts', async () => {
  const { gossip, pubsub } = setup()
  const limit = LIMITS.gossipBytes.value
  await pubsub.publish(TOPIC, new Uint8Array(limit))
  await expect(pubsub.publish(TOPIC, new Uint8Array(limit + 1))).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    details: { bytes: limit + 1, limit }
  })
  expect(gossip.publish).toHaveBeenCalledTimes(1)
})

test('a node that is alone tells nobody', async () => {
  const { gossip, pubsub } = setup()
  gossip.peers = []
  await pubsub.publish(TOPIC, new Uint8Array(1))
  expect(gossip.publish).not.toHaveBeenCalled()
})

test('one handler a topic, and none after it was given back', () => {
  const { gossip, pubsub } = setup()
  const unsubscribe = pubsub.subscribe(TOPIC, () => 'accept')
  expect(() => pubsub.subscribe(TOPIC, () => 'accept')).toThrow(TypeError)
  expect(pubsub.subscribers(TOPIC)).toEqual(['peer-a'])
  unsubscribe()
  expect([...gossip.topics]).toEqual([])
  expect(gossip.receive({})).toBeUndefined()
})

test('refuses a gossipsub that takes no verdicts: its messages would never travel on', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is refused for what it lacks
  const gossip = new EventTarget() as unknown as GossipSub
  const blame = { add: () => undefined }
  const shared = { clock: new ManualClock(), logger: silentLogger, blame }
  const of = { quotaOf: () => quotasOf('member'), isMember: () => true }
  expect(() => createPubSub({ ...shared, ...of, gossip })).toThrow(TypeError)
})
