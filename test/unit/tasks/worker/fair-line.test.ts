import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { PRIORITIES } from '../../../../core/priority.ts'
import type { Priority } from '../../../../core/priority.ts'
import { createFairLine } from '../../../../tasks/worker/fair-line.ts'

function setup() {
  const line = createFairLine()
  const turns: string[] = []
  const join = (caller: string, priority: Priority = 'normal', count = 1): void => {
    for (let each = 0; each < count; each += 1) {
      line.join({ caller, priority }, () => turns.push(`${caller} ${priority}`))
    }
  }
  const serve = (count = Infinity): string[] => {
    turns.length = 0
    for (let each = 0; each < count && !line.isEmpty; each += 1) line.next()?.()
    return [...turns]
  }
  return { line, join, serve }
}

/** Three callers, three priorities. */
const MOST_LINES = 9

const times = (turns: readonly string[], name: string): number =>
  turns.filter((turn) => turn === name).length

test('of one priority, callers take turns', () => {
  const { join, serve } = setup()
  join('x', 'normal', 3)
  join('y', 'normal', 3)
  expect(serve()).toEqual(Array.from({ length: 3 }, () => ['x normal', 'y normal']).flat())
})

test('the urgent have eight turns and the usual four, while what has time has one', () => {
  const { join, serve } = setup()
  for (const priority of PRIORITIES) join('x', priority, 200)
  const turns = serve(130)
  const counts = PRIORITIES.map((priority) => times(turns, `x ${priority}`))
  expect(counts).toEqual([80, 40, 10])
})

test('an urgent task that comes last has its turn first', () => {
  const { join, serve } = setup()
  join('x', 'batch', 10)
  serve(2)
  join('y', 'interactive')
  expect(serve(1)).toEqual(['y interactive'])
})

test('urgent tasks that come one at a time do not keep others from their turn', () => {
  const { join, serve } = setup()
  join('x', 'batch', 100)
  const turns = Array.from({ length: 90 }, () => {
    join('y', 'interactive')
    return serve(1)
  }).flat()
  expect(times(turns, 'x batch')).toBeGreaterThanOrEqual(9)
})

test('who was away has saved up no turns', () => {
  const { join, serve } = setup()
  join('x', 'normal', 100)
  serve(50)
  join('y', 'normal', 50)
  expect(times(serve(20), 'y normal')).toBe(10)
})

test('a task has its turn when it was said, or sooner by one task of each line whose turn is the same', () => {
  const key = fc.record({
    caller: fc.constantFrom('x', 'y', 'z'),
    priority: fc.constantFrom(...PRIORITIES)
  })
  fc.assert(
    fc.property(fc.array(key, { maxLength: 40 }), fc.nat(20), key, (keys, served, own) => {
      const { line, join, serve } = setup()
      for (const { caller, priority } of keys) join(caller, priority)
      serve(served)
      const expected = line.turnsBefore(own)
      const turn: number[] = []
      let count = 0
      line.join(own, () => turn.push(count))
      while (turn.length === 0) {
        count += 1
        line.next()?.()
      }
      expect(count).toBeLessThanOrEqual(expected)
      expect(count).toBeGreaterThan(expected - MOST_LINES)
    })
  )
})

test('who leaves the line is passed over', () => {
  const { line, join, serve } = setup()
  const start = vi.fn<() => void>()
  line.join({ caller: 'x', priority: 'normal' }, start)
  join('y')
  line.withdraw({ caller: 'x', priority: 'normal' }, start)
  expect(serve()).toEqual(['y normal'])
  expect(start).not.toHaveBeenCalled()
})
