/** What of long lists is kept and drawn. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogLine } from '../../../client/api.ts'
import { EMPTY_BOOK, linesWith, ndjsonOf, withLines } from '../../../web/model/log-lines.ts'
import { isAtEnd, rowWindow } from '../../../web/model/virtual-rows.ts'

test('all rows in view are drawn, and few others', () => {
  const view = fc.record({
    count: fc.nat(10_000),
    rowHeight: fc.integer({ min: 10, max: 60 }),
    scrollTop: fc.integer({ min: -100, max: 700_000 }),
    viewHeight: fc.nat(2000)
  })
  fc.assert(
    fc.property(view, (rows) => {
      const { count, rowHeight, scrollTop, viewHeight } = rows
      const { first, end } = rowWindow(rows)
      const top = Math.max(0, Math.min(scrollTop, count * rowHeight - viewHeight))
      expect(end - first).toBeLessThanOrEqual(viewHeight / rowHeight + 18)
      expect(first * rowHeight).toBeLessThanOrEqual(top)
      expect(end * rowHeight).toBeGreaterThanOrEqual(Math.min(count * rowHeight, top + viewHeight))
    })
  )
})

test.for([
  [0, true],
  [9, true],
  [30, false]
] as const)('%d rows more than a view that is not scrolled: at the end %s', ([count, expected]) => {
  expect(isAtEnd({ count, rowHeight: 20, scrollTop: 0, viewHeight: 170 })).toBe(expected)
})

function line(message: string, fields: LogLine['fields'] = {}): LogLine {
  return { time: '2026-01-01T00:00:00.000Z', level: 'info', component: 'tasks', message, fields }
}

test('the newest lines are kept, each under its own number', () => {
  const book = withLines(
    withLines(EMPTY_BOOK, [line('a'), line('b')], 3),
    [line('c'), line('d')],
    3
  )
  expect(book.lines.map(({ seq, line: { message } }) => [seq, message])).toEqual([
    [1, 'b'],
    [2, 'c'],
    [3, 'd']
  ])
  expect(
    withLines(
      book,
      Array.from({ length: 9 }, () => line('x')),
      3
    )
  ).toMatchObject({
    dropped: 10,
    lines: [{ seq: 10 }, { seq: 11 }, { seq: 12 }]
  })
})

test('lines are found by all words of a text, in whatever part of them they stand', () => {
  const { lines } = withLines(EMPTY_BOOK, [line('Task began', { peer: 'QmX' }), line('task ended')])
  expect(linesWith(lines, 'qmx TASK')).toEqual([lines[0]])
  expect(linesWith(lines, ' ')).toBe(lines)
})

test('copied lines are what the node wrote', () => {
  const written = [line('a\nb', { n: 1 }), line('c')]
  const copied = ndjsonOf(withLines(EMPTY_BOOK, written).lines).trimEnd().split('\n')
  expect(copied.map((text) => JSON.parse(text) as unknown)).toEqual(written)
})
