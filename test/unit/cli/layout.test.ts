/** Numbers, widths, tables and times: the pieces that every command prints with. */
import { expect, test } from 'vitest'
import { renderColumns } from '../../../cli/columns.ts'
import { wrap } from '../../../cli/demo-story.ts'
import { age, bytes, duration, plural, shortId, stateName } from '../../../cli/format.ts'
import { createStyle } from '../../../cli/style.ts'
import { cut, displayWidth, oneLine, padEnd, printable } from '../../../cli/width.ts'

test.for([
  [0, '0 ms'],
  [0.42, '0.4 ms'],
  [9.96, '10 ms'],
  [38.2, '38 ms'],
  [999.6, '1 s'],
  [3210, '3.2 s'],
  [9999, '10 s'],
  [41_000, '41 s'],
  [59_999, '1m'],
  [125_000, '2m 5s'],
  [120_000, '2m'],
  [3_599_999, '59m 59s'],
  [11_520_000, '3h 12m'],
  [180_000_000, '2d 2h']
] as const)('%d ms read as %s', ([ms, text]) => {
  expect(duration(ms)).toBe(text)
})

test.for([
  [1, '1 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [1234, '1.2 kB'],
  [98_000_000, '98 MB'],
  [999_600_000, '1 GB'],
  [5e15, '5000 TB']
] as const)('%d bytes read as %s', ([count, text]) => {
  expect(bytes(count)).toBe(text)
})

test('ages have one unit and never lie in the future', () => {
  const now = Date.parse('2026-01-02T00:00:00Z')
  const ages = ['2026-01-02T00:00:01Z', '2026-01-01T23:59:56Z', '2026-01-01T23:58:00Z', 'nonsense']
  expect(ages.map((iso) => age(iso, now))).toEqual(['now', '4s', '2m', 'now'])
  expect(['2026-01-01T21:00:00Z', '2025-12-30T00:00:00Z'].map((iso) => age(iso, now))).toEqual([
    '3h',
    '3d'
  ])
})

test('names, states and counts are written for people', () => {
  expect(shortId('12D3KooWAbcdefghijkK3Vx9Qpa')).toBe('…K3Vx9Qpa')
  expect(stateName('TASK_STATE_INPUT_REQUIRED')).toBe('input-required')
  expect([plural(1, 'peer'), plural(1204, 'peer')]).toEqual(['1 peer', '1,204 peers'])
})

test('Chinese and emoji take two columns, colours none', () => {
  expect(displayWidth('琥珀水獭')).toBe(8)
  expect(displayWidth('👩‍💻ok')).toBe(4)
  expect(displayWidth(createStyle(true).good('ok'))).toBe(2)
  expect(cut('琥珀水獭', 6)).toBe('琥珀…')
  expect(padEnd('琥珀', 6)).toBe('琥珀  ')
})

// As the package string-width 9.0.0 counts them, and terminals draw them.
test.for([
  ['ｱｲｳ', 3],
  ['ﾡ', 1],
  ['ㄅㄆ', 4],
  ['ꀀ', 2],
  ['〈〉', 4],
  ['한', 2],
  ['한', 2],
  ['e\u0301', 1],
  ['क्षि', 3],
  ['\u200b\u2060\ufeff', 0],
  ['a\u200db', 2],
  ['👩‍👩‍👧', 2],
  ['👍🏽', 2],
  ['🇩🇪', 2],
  ['☀', 1],
  ['☀️', 2],
  ['1️⃣', 2],
  ['🫡', 2],
  ['㉈', 1],
  ['😀é中', 5]
] as const)('%s takes as many columns as on a screen', ([text, width]) => {
  expect(displayWidth(text)).toBe(width)
})

test('what could steer a terminal is made visible, and one line stays one line', () => {
  expect(printable('a\u001b[2Jb\u009b31mc\u202ed\r\ne\tf')).toBe('a�[2Jb�31mc�d\ne\tf')
  expect(oneLine(' a\nb\r\n c ')).toBe('a b c')
})

const columns = [
  { title: 'NAME', cell: (row: readonly string[]) => row[0] ?? '' },
  { title: 'N', cell: (row: readonly string[]) => row[1] ?? '', align: 'right' as const },
  { title: 'TEXT', cell: (row: readonly string[]) => row[2] ?? '', elastic: true }
]
const rows = [
  ['琥珀', '1', 'a text that is rather long for a narrow terminal'],
  ['otter', '12', '']
]

function table(width: number | undefined): string {
  const sink = { isTerminal: width !== undefined, columns: () => width ?? 0 }
  return renderColumns(columns, rows, { sink, style: createStyle(false) })
}

test('columns are aligned by width on the screen; empty cells are dashes', () => {
  expect(table(undefined)).toBe(`NAME    N  TEXT
琥珀    1  a text that is rather long for a narrow terminal
otter  12  -
`)
})

test('only the elastic column gives way, and never below what can be read', () => {
  expect(table(40)).toBe(`NAME    N  TEXT
琥珀    1  a text that is rather long f…
otter  12  -
`)
  expect(table(10).split('\n')[1]).toBe('琥珀    1  a text that…')
})

test('prose is wrapped at spaces and keeps its own lines', () => {
  expect(wrap('one two three\n\nfour\n', 8)).toEqual(['one two', 'three', '', 'four'])
})
