/** When a node repairs which space with whom. */
import { describe, expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { startKeeper } from '../../../support/keeper-node.ts'

describe('on meeting', () => {
  test('the one whose id comes first begins at once, with every space', async () => {
    const { keeper, meet, seen } = await startKeeper()
    keeper.add('notes')
    await meet('x')
    expect(seen()).toEqual(['facts x', 'notes x'])
  })

  test('the other one begins when nothing has come for a while', async () => {
    const { clock, meet, seen } = await startKeeper()
    await meet('a')
    await clock.advance(2900)
    expect(seen()).toEqual([])
    await clock.advance(200)
    expect(seen()).toEqual(['facts a'])
  })

  test('while the peer is at it, it is left alone', async () => {
    const { clock, keeper, meet, seen } = await startKeeper()
    await meet('a')
    for (let second = 0; second < 10; second += 1) {
      keeper.served('facts', 'a')
      await clock.advance(1000)
    }
    expect(seen()).toEqual([])
    await clock.advance(2000)
    expect(seen()).toEqual(['facts a'])
  })

  test('a space that is opened later is compared with the peers that are there', async () => {
    const { clock, keeper, meet, seen } = await startKeeper()
    await meet('x', 'y')
    keeper.add('notes')
    await clock.advance(0)
    expect(seen().slice(2)).toEqual(['notes x', 'notes y'])
  })
})

describe('when something is missing', () => {
  test('its author is asked, or who passed the word on, after a quarter of a second', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x', 'y')
    const before = runs.length
    keeper.missing('facts', ['far away', 'y'], () => true)
    keeper.missing('facts', ['x'], () => true)
    await clock.advance(249)
    expect(runs).toHaveLength(before)
    await clock.advance(1)
    expect(runs.slice(before)).toMatchObject([{ space: 'facts', peer: 'y' }])
  })

  test('nobody is asked for what has come by itself', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x')
    const before = runs.length
    keeper.missing('facts', ['x'], () => false)
    await clock.advance(1000)
    expect(runs).toHaveLength(before)
  })

  test('at most one repair a second comes of it', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x')
    const before = runs.length
    for (let tick = 0; tick < 100; tick += 1) {
      keeper.missing('facts', ['x'], () => true)
      await clock.advance(50)
    }
    expect(runs.length - before).toBeLessThanOrEqual(6)
    expect(runs.length - before).toBeGreaterThanOrEqual(4)
  })
})

test('who differs is asked within two seconds, and beacons of one peer in that time count once', async () => {
  const { clock, keeper, meet, runs } = await startKeeper()
  await meet('x', 'y')
  const before = runs.length
  for (let times = 0; times < 3; times += 1) keeper.differs('facts', 'y')
  await clock.advance(4000)
  expect(runs.slice(before)).toMatchObject([{ peer: 'y' }])
})

describe('a hint', () => {
  test('of one who speaks first does not silence what another says meanwhile', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x', 'y')
    const before = runs.length
    keeper.differs('facts', 'x')
    keeper.differs('facts', 'y')
    await clock.advance(4000)
    expect(runs.slice(before)).toMatchObject([{ peer: 'x' }, { peer: 'y' }])
  })

  test('that something is missing is followed for as long as it is', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x', 'y', 'z')
    const before = runs.length
    for (const peer of ['x', 'y', 'z']) {
      keeper.missing('facts', [peer], () => runs.length < before + 2)
    }
    await clock.advance(5000)
    expect(runs.slice(before)).toMatchObject([{ peer: 'x' }, { peer: 'y' }])
  })

  test('is one of a few, however many peers a liar has', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x')
    for (let liar = 0; liar < 100; liar += 1) keeper.missing('facts', [`l${liar}`], () => true)
    const before = runs.length
    await clock.advance(10_000)
    expect(runs.length - before).toBeLessThanOrEqual(4)
  })
})

test('every half minute or so somebody is asked, whatever happened', async () => {
  const { clock, meet, runs } = await startKeeper()
  await meet('x', 'y', 'z')
  const before = runs.length
  await clock.advance(20 * 60_000)
  const rounds = runs.slice(before)
  expect(rounds.length).toBeGreaterThan(25)
  expect(rounds.length).toBeLessThan(60)
  expect(new Set(rounds.map(({ peer }) => peer))).toEqual(new Set(['x', 'y', 'z']))
})

describe('at once', () => {
  test('so many repairs run, and one of a peer and space', async () => {
    const { clock, keeper, meet, runs, seen } = await startKeeper({ instant: false })
    await meet('n', 'o', 'p', 'q', 'r', 's')
    expect(runs).toHaveLength(LIMITS.memoryRepairs.value)
    keeper.missing('facts', ['n'], () => true)
    await clock.advance(250)
    expect(runs).toHaveLength(LIMITS.memoryRepairs.value)
    runs[1]?.end()
    await clock.advance(0)
    expect(seen().slice(4)).toEqual(['facts r'])
    runs[0]?.end()
    runs[2]?.end()
    await clock.advance(0)
    expect(seen().slice(5)).toEqual(['facts s', 'facts n'])
  })

  test('a peer that is wanted again while its repair runs is repaired with once more after it', async () => {
    const { clock, keeper, meet, runs } = await startKeeper({ instant: false })
    await meet('x')
    for (let again = 0; again < 3; again += 1) keeper.missing('facts', ['x'], () => true)
    await clock.advance(1000)
    expect(runs).toHaveLength(1)
    runs[0]?.end()
    await clock.advance(0)
    expect(runs).toHaveLength(2)
    runs[1]?.end()
    await clock.advance(0)
    expect(runs).toHaveLength(2)
  })

  test('a stopped keeper has ended its repairs and has no timer left', async () => {
    const { clock, keeper, meet, runs } = await startKeeper({ instant: false })
    await meet('x', 'a')
    keeper.differs('facts', 'x')
    await keeper.stop()
    expect(clock.pending).toBe(0)
    await meet('y')
    keeper.missing('facts', ['y'], () => true)
    await clock.advance(60_000)
    expect(runs).toHaveLength(1)
  })
})

describe('a peer with which it failed', () => {
  test('is asked again after a second, then after twice as long, a minute at most', async () => {
    const { clock, keeper, meet, runs } = await startKeeper({ instant: false })
    await meet('x')
    const rests: number[] = []
    for (let round = 0; round < 10; round += 1) {
      const run = runs.at(-1)
      run?.end(new LumosError('TIMED_OUT', { details: { timeoutMs: 1 } }))
      const failedAt = clock.now()
      const { length } = runs
      while (runs.length === length) {
        keeper.differs('facts', 'x')
        await clock.advance(100)
      }
      rests.push(clock.now() - failedAt)
    }
    expect(rests[0]).toBeLessThan(4000)
    expect(rests.at(-1)).toBeGreaterThan(25_000)
    expect(Math.max(...rests)).toBeLessThan(63_000)
  })

  test('is left alone when it does not know the space', async () => {
    const { clock, meet, runs } = await startKeeper({ instant: false })
    await meet('x')
    runs[0]?.end(new LumosError('SPACE_UNKNOWN', { details: { space: 'facts' } }))
    await clock.advance(290_000)
    expect(runs).toHaveLength(1)
    await clock.advance(60_000)
    expect(runs.length).toBeGreaterThan(1)
  })

  test('is blamed when that was its fault, and not trusted for a while', async () => {
    const { clock, blame, meet, runs } = await startKeeper({ instant: false })
    await meet('x')
    runs[0]?.end(new LumosError('RECORD_INVALID', { details: { reason: 'x' } }))
    await clock.advance(0)
    expect(blame.points('x')).toBe(1)
    blame.add('x', 9)
    const before = runs.length
    await clock.advance(60_000)
    expect(runs).toHaveLength(before)
    await clock.advance(120_000)
    expect(runs.length).toBeGreaterThan(before)
  })

  test('which has gone is forgotten without a trace', async () => {
    const { clock, network, keeper, meet, runs } = await startKeeper()
    await meet('x')
    network.unlink('m', 'x')
    keeper.missing('facts', ['x'], () => true)
    keeper.differs('facts', 'x')
    await clock.advance(60_000)
    expect(runs).toHaveLength(1)
  })
})

describe('a peer that asks', () => {
  test('about a space that it had not got is a stranger no longer', async () => {
    const { clock, keeper, runs, meet, seen } = await startKeeper({ instant: false })
    await meet('x')
    runs[0]?.end(new LumosError('SPACE_UNKNOWN', { details: { space: 'facts' } }))
    await clock.advance(0)
    keeper.add('facts')
    expect(seen()).toEqual(['facts x'])
    keeper.met('facts', 'x')
    expect(seen()).toEqual(['facts x', 'facts x'])
  })

  test('is left in peace all the same when it failed otherwise', async () => {
    const { clock, keeper, runs, meet, seen } = await startKeeper({ instant: false })
    await meet('x')
    runs[0]?.end(new LumosError('TIMED_OUT', { details: { timeoutMs: 1 } }))
    await clock.advance(0)
    keeper.add('facts')
    keeper.met('facts', 'x')
    expect(seen()).toEqual(['facts x'])
  })
})

describe('a peer that answers slowly', () => {
  test('has no more than half of the places, and two of them not all', async () => {
    const { keeper, meet, seen } = await startKeeper({ instant: false })
    for (const space of ['one', 'two', 'three']) keeper.add(space)
    await meet('x', 'y')
    expect(seen()).toEqual(['facts x', 'one x', 'facts y'])
    await meet('z')
    expect(seen().slice(3)).toEqual(['facts z'])
  })

  test('is given up when a repair takes too long, and another has its place', async () => {
    const { clock, keeper, meet, seen } = await startKeeper({ instant: false })
    keeper.add('one')
    await meet('x', 'y')
    expect(seen()).toEqual(['facts x', 'one x', 'facts y'])
    await clock.advance(LIMITS.memoryRepair.value)
    expect(seen().slice(3, 4)).toEqual(['one y'])
  })

  test('leaves a place to others within a minute, and then for good', async () => {
    const { clock, meet, runs, seen } = await startKeeper({ instant: false })
    await meet('n', 'o', 'p', 'q', 'r')
    expect(seen()).toEqual(['facts n', 'facts o', 'facts p', 'facts q'])
    await clock.advance(LIMITS.memoryLastRepair.value)
    expect(seen().slice(4)).toEqual(['facts r'])
    await clock.advance(LIMITS.memoryRepair.value / 2)
    const before = runs.length
    expect(new Set(seen().slice(4))).toEqual(new Set(['facts r']))
    await meet('s')
    expect(seen().slice(before)).toEqual(['facts s'])
    // Those that were slow take turns in the other places.
    runs[before]?.end()
    runs[0]?.end()
    await clock.advance(0)
    expect(runs).toHaveLength(before + 2)
  })
})

describe('a space that was forgotten', () => {
  test('is repaired no more, whatever was about to be', async () => {
    const { clock, keeper, meet, seen } = await startKeeper()
    await meet('x')
    keeper.missing('facts', ['x'], () => true)
    keeper.differs('facts', 'x')
    keeper.brought('facts', 'y')
    keeper.remove('facts')
    await clock.advance(120_000)
    expect(seen()).toEqual(['facts x'])
  })

  test('is repaired at once when it is joined again: what was cut off says nothing about the peer', async () => {
    const { clock, keeper, meet, runs } = await startKeeper({ instant: false })
    await meet('x')
    keeper.remove('facts')
    keeper.add('facts')
    runs[0]?.end(new LumosError('SPACE_UNKNOWN', { details: { space: 'facts' } }))
    await clock.advance(0)
    expect(runs).toHaveLength(2)
  })
})
