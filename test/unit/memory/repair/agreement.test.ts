/** Whose word a replica takes for being equal, and for numbers that nobody signed. */
import { expect, test } from 'vitest'
import { createAgreement } from '../../../../memory/repair/agreement.ts'
import { createResponder, repair } from '../../../../memory/repair/repair.ts'
import type { RepairPeer } from '../../../../memory/repair/repair.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { peerOfKey } from '../../../../trust/author-key.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import { SPACE } from '../../../support/memory-arbitraries.ts'
import { contents, foundEqual, testReplica } from '../../../support/memory-replica.ts'
import type { TestReplica } from '../../../support/memory-replica.ts'
import { HOUR_MS } from '../../../support/memory-world.ts'

const MINUTE_MS = 60_000
const NAMES = ['a', 'b', 'c', 'd']

/** A peer as its session shows it: who it is goes with all that it brings. */
function peerOf(replica: Replica, id: string): RepairPeer {
  return { ...createResponder(replica), id }
}

/** Four nodes that hold the same and know each other; the first was off for long, and wrote something then. */
async function four() {
  const nodes = await Promise.all(NAMES.map((name) => testReplica({ name })))
  const [a, b, c, d] = nodes as [TestReplica, TestReplica, TestReplica, TestReplica]
  await a.replica.write({ key: 'known', value: Buffer.from('1') })
  for (const { replica } of [b, c, d]) await repair(replica, peerOf(a.replica, 'a'))
  await a.replica.write({ key: 'alone', value: Buffer.from('2') })
  for (const { clock } of nodes) clock.at += SPACE.tombstoneMs + 2 * HOUR_MS
  for (const { replica } of [b, c, d]) await foundEqual(replica)
  const others = [b, c, d].map(({ replica }, at) => ({ replica, id: 'bcd'[at] ?? '' }))
  for (const one of others) {
    for (const other of others) {
      if (one !== other) await repair(one.replica, peerOf(other.replica, other.id))
    }
  }
  return { a, others }
}

/** Says whatever `victim` says, and that it is not stale. */
function echo(victim: Replica, id: string): RepairPeer {
  const honest = createResponder(victim)
  return { ...honest, id, summary: async () => ({ ...(await honest.summary()), stale: false }) }
}

async function isStale({ replica }: TestReplica): Promise<boolean> {
  return (await replica.summary()).stale
}

test('an echo does not make a stale replica fresh, however often it is asked', async () => {
  const { a, others } = await four()
  for (let minute = 0; minute < 60; minute += 1) {
    expect(await repair(a.replica, echo(a.replica, 'liar'))).toMatchObject({ equal: true })
    for (const { replica, id } of others) {
      // They come up later, and are cut off before the end.
      const cut = { ...peerOf(replica, id), vector: () => Promise.reject(new TypeError('cut')) }
      if (minute > 5) await repair(a.replica, cut).catch(() => undefined)
    }
    expect(await isStale(a)).toBe(true)
    a.clock.at += MINUTE_MS
  }
})

test('two that say the same do, also when one of them lies', async () => {
  const { a, others } = await four()
  await repair(a.replica, echo(a.replica, 'liar'))
  for (const { replica, id } of others.slice(0, 2)) await repair(a.replica, peerOf(replica, id))
  expect(await isStale(a)).toBe(false)
  expect(await contents(a.replica)).toEqual({ known: '1', alone: '2' })
})

test('two nodes alone are enough for each other, when nobody else has come for ten minutes', async () => {
  const [a, b] = [await testReplica({ name: 'a' }), await testReplica({ name: 'b' })]
  for (const { clock, replica } of [a, b]) {
    await foundEqual(replica)
    clock.at += SPACE.tombstoneMs
  }
  await foundEqual(b.replica)
  for (let minute = 0; minute < 10; minute += 1) {
    await repair(a.replica, peerOf(b.replica, 'b'))
    expect(await isStale(a)).toBe(true)
    a.clock.at += MINUTE_MS
  }
  await repair(a.replica, peerOf(b.replica, 'b'))
  expect(await isStale(a)).toBe(false)
})

test('a stale one is equal since two said so, whatever one goes on saying; a fresh one needs one', () => {
  const agreement = createAgreement()
  const equal = (peer: string, now: number, stale = true): number | undefined =>
    agreement.compared(peer, { isEqual: true, isStale: stale, now })
  const differs = (peer: string, now: number): void =>
    void agreement.compared(peer, { isEqual: false, isStale: true, now })
  expect(equal('x', 0)).toBeUndefined()
  expect(equal('y', 1000)).toBe(0)
  for (let at = 3000; at < HOUR_MS; at += MINUTE_MS) {
    for (const peer of ['y', 'z']) differs(peer, at)
    expect(equal('liar', at)).toBe(1000)
  }
  expect(equal('liar', HOUR_MS, false)).toBe(HOUR_MS)
})

test('one peer’s claims do not keep what a stale replica wrote from those that never saw it', async () => {
  const { a, others } = await four()
  const everything = { writer: a.replica.writer, records: [], complete: [1, 2 ** 48 - 1] as const }
  for (const { replica } of others) {
    for (let times = 0; times < 3; times += 1)
      await replica.receive({ ...everything, from: 'liar' })
  }
  for (const { replica, id } of others) await repair(a.replica, peerOf(replica, id))
  expect(await contents(a.replica)).toEqual({ known: '1', alone: '2' })
  for (const { replica } of others) {
    expect(await contents(replica)).toEqual({ known: '1', alone: '2' })
  }
})

test('what two peers claim is believed, and what one does up to the last signed number', async () => {
  const { a, others } = await four()
  const [{ replica } = { replica: a.replica }] = others
  const name = a.replica.writer
  const writer = writerId(SPACE.id, name)
  await replica.receive({ writer: name, records: [], complete: [1, 1], from: 'e' })
  await replica.receive({ writer: name, records: [], complete: [1, 9], from: 'c' })
  expect(replica.covered(writer)).toEqual([[1, 1]])
  await replica.receive({ writer: name, records: [], complete: [1, 7], from: 'd' })
  expect(replica.covered(writer)).toEqual([[1, 7]])
})

test('where there are few, one’s claims are believed', async () => {
  const [a, b] = [await testReplica({ name: 'a' }), await testReplica({ name: 'b' })]
  const writer = writerId(SPACE.id, a.replica.writer)
  await b.replica.receive({ writer: a.replica.writer, records: [], complete: [1, 9], from: 'a' })
  expect(b.replica.covered(writer)).toEqual([[1, 9]])
})

test('authors are believed about themselves', () => {
  const agreement = createAgreement()
  const author = '11'.repeat(32)
  const claim = { writer: 'w', author, head: 1, now: 0 }
  for (const from of ['a', 'b', 'c']) agreement.believed([1, 1], { ...claim, from })
  expect(agreement.believed([1, 9], { ...claim, from: peerOfKey(author) })).toEqual([1, 9])
  expect(agreement.believed([1, 9], { ...claim, from: 'a' })).toEqual([1, 1])
})

test('what peers claim does not make a node one of many: those that are stale claim, too', () => {
  const agreement = createAgreement()
  const claim = { writer: 'w', author: '11'.repeat(32), head: 1, now: 0 }
  for (const from of ['b', 'c', 'd']) agreement.believed([1, 1], { ...claim, from })
  const equalTo = (now: number) => agreement.compared('a', { isEqual: true, isStale: true, now })
  expect(equalTo(0)).toBeUndefined()
  expect(equalTo(10 * MINUTE_MS)).toBe(10 * MINUTE_MS)
})

test('a claim that nobody believes makes no writer known', async () => {
  const { a, others } = await four()
  const [{ replica } = { replica: a.replica }] = others
  const name = { author: '11'.repeat(32), nonce: '22'.repeat(16) }
  const before = replica.vector.size
  await replica.receive({ writer: name, records: [], complete: [1, 9], from: 'e' })
  expect(replica.vector.size).toBe(before)
})
