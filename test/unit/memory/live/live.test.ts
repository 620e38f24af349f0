/** Live updates: what is told, what is believed, and what a peer is blamed for. */
import { describe, expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { Verdict } from '../../../../core/pubsub.ts'
import { encodeLiveMessage } from '../../../../memory/live/message.ts'
import type { Told } from '../../../../memory/live/message.ts'
import { createLiveQueue } from '../../../../memory/live/receiver.ts'
import { encodeRecord, NO_PREVIOUS } from '../../../../memory/replica/record.ts'
import type { RecordBody } from '../../../../memory/replica/record.ts'
import { sharedSpace } from '../../../../memory/spaces/space.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import {
  clockAt,
  liveNode,
  NOW,
  PEERS,
  spaceOf,
  told,
  twoLiveNodes
} from '../../../support/live-nodes.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { rootOf } from '../../../support/memory-replicas.ts'
import { toySignerOf } from '../../../support/memory-world.ts'
import { PATIENCE } from '../../../support/patience.ts'

describe('telling', () => {
  test('a lone write is told at once, those that follow within 10 ms together', async () => {
    const { clock, amber } = await twoLiveNodes()
    amber.live.tell(await amber.write({ key: 'first' }))
    await clock.advance(0)
    expect(amber.published).toHaveLength(1)
    for (let index = 0; index < 100; index += 1)
      amber.live.tell(await amber.write({ key: `k${index}` }))
    await clock.advance(10)
    const sizes = amber.published.map(
      (message) => message.kind === 'told' && message.records.length
    )
    expect(sizes).toEqual([1, 64, 36])
  })

  test('what another hears is there', async () => {
    const { clock, amber, birch } = await twoLiveNodes()
    amber.live.tell(await amber.write({ key: 'city', value: Buffer.from('Rome') }))
    await clock.advance(0)
    const [message] = amber.published
    expect(message && (await birch.hear(amber.peer, message))).toBe('accept')
    expect(Buffer.from((await birch.replica.get('city'))?.value ?? []).toString()).toBe('Rome')
    expect(birch.blamed.size).toBe(0)
  })

  test('of a large value only that it is there, and who hears it asks', async () => {
    const { clock, amber, birch } = await twoLiveNodes()
    amber.live.tell(await amber.write({ value: Buffer.alloc(LIMITS.memoryLiveValue.value) }))
    await clock.advance(0)
    expect(amber.published).toMatchObject([{ last: 1, records: [] }])
    expect(await birch.hear(amber.peer, amber.published[0] ?? Buffer.alloc(0))).toBe('accept')
    expect(birch.onGap).toHaveBeenCalledWith([amber.peer, amber.peer])
  })

  test('beyond its rate only that there is more, four times a second', async () => {
    const { clock, amber } = await twoLiveNodes()
    const burst = LIMITS.memoryLiveBurst.value
    const record = await amber.write({})
    for (let count = 0; count < burst; count += 1) amber.live.tell(record)
    await clock.advance(10)
    const before = amber.published.length
    const last = await amber.write({})
    // 20 come back in the 10 ms and so on: more are written than come back.
    for (let round = 0; round < 100; round += 1) {
      for (let count = 0; count < 20; count += 1) amber.live.tell(last)
      await clock.advance(10)
    }
    const sent = amber.published.slice(before)
    const records = sent.reduce(
      (sum, message) => sum + (message.kind === 'told' ? message.records.length : 0),
      0
    )
    expect(records).toBeLessThanOrEqual(LIMITS.memoryLiveRate.value * 1.1)
    expect(sent.length).toBeLessThanOrEqual(110)
  })

  test('what not everybody may read does not go where everybody can listen', async () => {
    const { clock, amber } = await twoLiveNodes(() => spaceOf('members', PEERS[0] ?? ''))
    amber.live.tell(await amber.write({ key: 'secret' }))
    await clock.advance(250)
    expect(amber.published).toMatchObject([{ last: 1, records: [] }])
  })
})

describe('hearing', () => {
  test('a gap is noticed until it is filled', async () => {
    const { amber, birch } = await twoLiveNodes()
    const first = await amber.write({ key: 'a' })
    const second = await amber.write({ key: 'b' })
    await birch.hear(amber.peer, told(amber, second))
    expect(birch.onGap).toHaveBeenCalledTimes(1)
    await birch.hear(amber.peer, told(amber, first))
    await birch.hear(amber.peer, told(amber, await amber.write({ key: 'c' })))
    expect(birch.onGap).toHaveBeenCalledTimes(1)
  })
})

test('who may put no records here tells none either, and nobody is blamed for it', async () => {
  const { clock, amber } = await twoLiveNodes()
  const record = await amber.write({ key: 'city' })
  const cedar = await liveNode(2, { clock, mayWrite: (peer) => peer !== amber.peer })
  expect(await cedar.hear(amber.peer, told(amber, record))).toBe('ignore')
  expect(await cedar.replica.get('city')).toBeUndefined()
  expect(cedar.blamed.size).toBe(0)
})

describe('what nobody honest tells', () => {
  test.for([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['longer than it says', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['of another version', (bytes: Buffer) => Buffer.concat([Buffer.from([2]), bytes.subarray(1)])],
    ['with a changed value', (bytes: Buffer) => changed(bytes, bytes.length - 66)],
    ['with a changed signature', (bytes: Buffer) => changed(bytes, bytes.length - 1)]
  ] as const)('a message %s is rejected, and its author blamed', async ([, harm]) => {
    const { amber, birch } = await twoLiveNodes()
    const before = await rootOf(birch.replica)
    const message = Buffer.from(encodeLiveMessage(told(amber, await amber.write({}))))
    expect(await birch.hear(amber.peer, harm(message))).toBe('reject')
    expect(birch.blamed.get(amber.peer)).toBe(1)
    expect(await rootOf(birch.replica)).toBe(before)
  })

  test('nobody tells in the name of another', async () => {
    const { amber, birch } = await twoLiveNodes()
    const before = await rootOf(birch.replica)
    const [, , evil = ''] = PEERS
    expect(await birch.hear(evil, told(amber, await amber.write({})))).toBe('reject')
    expect(birch.blamed).toEqual(new Map([[evil, 1]]))
    expect(await rootOf(birch.replica)).toBe(before)
  })

  test('a record of another space is rejected', async () => {
    const { clock, birch } = await twoLiveNodes()
    const evil = await liveNode(2, { clock, space: sharedSpace('another') })
    const { writer } = evil.replica
    const { bytes } = await evil.write({})
    const message: Told = { kind: 'told', nonce: writer.nonce, last: 1, records: [bytes] }
    expect(await birch.hear(evil.peer, message)).toBe('reject')
  })
})

describe('what is not for now', () => {
  test.for([
    ['from the far future', 2 * LIMITS.memorySkew.value + 1000],
    ['too old to be news', -LIMITS.memoryLiveAge.value - 1000]
  ] as const)('a record that is %s is not relayed and not taken', async ([, ahead]) => {
    const { birch } = await twoLiveNodes()
    const clock = new ManualClock()
    clock.jump(NOW + ahead)
    const amber = await liveNode(0, { clock })
    const before = await rootOf(birch.replica)
    const record = await amber.write({})
    const message: Told = {
      kind: 'told',
      nonce: amber.replica.writer.nonce,
      last: 1,
      records: [record.bytes]
    }
    expect(await birch.hear(amber.peer, message)).toBe('ignore')
    expect(birch.blamed.get(amber.peer)).toBe(0.01)
    expect(await rootOf(birch.replica)).toBe(before)
  })
})

describe('what is early for one clock alone', () => {
  test('who follows clocks that are ahead is not blamed by one whose clock is behind', async () => {
    const { clock, amber, birch } = await twoLiveNodes()
    const fast = await liveNode(2, { clock: await clockAt(NOW + LIMITS.memorySkew.value) })
    const ahead = await fast.write({ key: 'b' })
    await amber.replica.receive({ writer: fast.replica.writer, records: [ahead.bytes] })
    const message = told(amber, await amber.write({}))
    clock.jump(-1000)
    expect(await birch.hear(amber.peer, message)).toBe('ignore')
    expect(birch.blamed.size).toBe(0)
    expect(await birch.replica.get('a')).toBeUndefined()
  })

  test('nobody is blamed for what this node has no room for', async () => {
    const { amber, birch } = await twoLiveNodes()
    const refused = [{ sequence: 1, reason: 'quota' }] as const
    vi.spyOn(birch.replica, 'receive').mockResolvedValue({ applied: 0, repeated: 0, refused })
    expect(await birch.hear(amber.peer, told(amber, await amber.write({})))).toBe('ignore')
    expect(birch.blamed.size).toBe(0)
  })

  test('what was told before is not relayed again', async () => {
    const { amber, birch } = await twoLiveNodes()
    const message = told(amber, await amber.write({}))
    expect(await birch.hear(amber.peer, message)).toBe('accept')
    expect(await birch.hear(amber.peer, message)).toBe('ignore')
    expect(birch.blamed.get(amber.peer)).toBe(0.01)
  })

  test('what repair was quicker to bring is relayed all the same', async () => {
    const { amber, birch } = await twoLiveNodes()
    const record = await amber.write({})
    await birch.replica.receive({ writer: amber.replica.writer, records: [record.bytes] })
    expect(await birch.hear(amber.peer, told(amber, record))).toBe('accept')
  })

  test('a write without a grant is not relayed and not taken', async () => {
    const { amber, birch } = await twoLiveNodes(() => spaceOf('owner-only', PEERS[0] ?? ''))
    const before = await rootOf(amber.replica)
    await expect(birch.write({})).rejects.toMatchObject({ code: 'WRITE_DENIED' })
    const { space, writer } = birch.replica
    const body: RecordBody = {
      space: space.id,
      writer: writerId(space.id, writer),
      sequence: 1,
      time: { ms: NOW, counter: 0 },
      previous: NO_PREVIOUS,
      key: 'a',
      value: Buffer.from('1'),
      deleted: false,
      sealed: false
    }
    const { bytes } = encodeRecord(body, toySignerOf(writer.author).sign)
    const message: Told = { kind: 'told', nonce: writer.nonce, last: 1, records: [bytes] }
    expect(await amber.hear(birch.peer, message)).toBe('ignore')
    expect(amber.blamed.get(birch.peer)).toBe(0.01)
    expect(await rootOf(amber.replica)).toBe(before)
  })
})

describe('what is too much', () => {
  test('a flood is ignored, and its author blamed more and more', async () => {
    const { amber, birch } = await twoLiveNodes()
    const message = told(amber, await amber.write({}))
    // One without records costs as much as twenty.
    const allowed = (2 * LIMITS.memoryLiveBurst.value) / 20
    const verdicts = new Map<Verdict, number>()
    for (let count = 0; count < allowed + 200; count += 1) {
      const empty: Told = { ...message, records: [] }
      const verdict = await birch.hear(amber.peer, empty)
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
    }
    expect(verdicts).toEqual(
      new Map([
        ['accept', allowed],
        ['ignore', 200]
      ])
    )
    expect(birch.blamed.get(amber.peer)).toBeCloseTo(10)
  })

  test('more than can be verified soon is left to repair', async () => {
    const { amber } = await twoLiveNodes()
    const queue = createLiveQueue()
    const birch = await liveNode(1, { clock: await clockAt(NOW), queue })
    queue.enter(LIMITS.memoryLiveQueue.value)
    expect(await birch.hear(amber.peer, told(amber, await amber.write({})))).toBe('ignore')
    queue.leave(LIMITS.memoryLiveQueue.value)
    expect(await birch.hear(amber.peer, told(amber, await amber.write({})))).toBe('accept')
    // Whoever is through gives the place back.
    expect(queue.enter(LIMITS.memoryLiveQueue.value)).toBe(true)
    expect(birch.blamed.size).toBe(0)
  })
})

describe('beacons', () => {
  test('who hears another root asks its author, and who hears its own does not', async () => {
    const { clock, amber, birch } = await twoLiveNodes()
    await clock.advance(40_000)
    const [beacon] = amber.published
    if (beacon?.kind !== 'beacon') throw new TypeError('there was no beacon')
    await birch.hear(amber.peer, beacon)
    await clock.advance(0)
    expect(birch.onDifference).not.toHaveBeenCalled()
    await birch.write({})
    await birch.hear(amber.peer, beacon)
    await vi.waitFor(() => expect(birch.onDifference).toHaveBeenCalledWith(amber.peer), PATIENCE)
  })

  test('are left out when another has said the same', async () => {
    const { clock, amber } = await twoLiveNodes()
    await clock.advance(40_000)
    expect(amber.published).toHaveLength(1)
    const [beacon] = amber.published
    for (let round = 0; round < 20; round += 1) {
      await amber.hear(PEERS[1] ?? '', beacon ?? Buffer.alloc(0))
      await clock.advance(10_000)
    }
    expect(amber.published).toHaveLength(1)
    await clock.advance(80_000)
    expect(amber.published.length).toBeGreaterThan(1)
  })

  test('are left out when many others have said something else, which is as good', async () => {
    const { clock, amber, birch } = await twoLiveNodes()
    await birch.write({})
    await clock.advance(40_000)
    const [beacon] = birch.published
    if (beacon?.kind !== 'beacon') throw new TypeError('there was no beacon')
    const before = amber.published.length
    for (let turn = 0; turn < 10; turn += 1) {
      for (let each = 0; each < 30; each += 1) await amber.hear(birch.peer, beacon)
      await clock.advance(20_000)
    }
    expect(amber.published).toHaveLength(before)
    await clock.advance(80_000)
    expect(amber.published.length).toBeGreaterThan(before)
  })

  test('a stopped space tells nothing, leaves no timer, and hears nothing', async () => {
    const { clock, amber, birch } = await twoLiveNodes()
    await Promise.all([amber.live.stop(), birch.live.stop()])
    expect(clock.pending).toBe(0)
    amber.live.tell(await amber.write({}))
    await clock.advance(60_000)
    expect(amber.published).toEqual([])
    expect(await birch.hear(amber.peer, told(amber, await amber.write({})))).toBe('ignore')
  })
})

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
