/** What keys do to what is looked at. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createView, placeOf, press, type Shown, type View } from '../../../../cli/top/view.ts'

const ROWS = ['a', 'b', 'c', 'd', 'e', 'f']
const shown: Shown = { keys: ROWS, page: 3, lines: 10 }

function start(): View {
  return createView({ pane: 'peers', intervalMs: 1000 })
}

function after(keys: readonly string[], from: View = start(), seen: Shown = shown): View {
  return keys.reduce((view, key) => {
    const next = press(view, key, seen)
    if (next === undefined) throw new Error(`${key} ended it`)
    return next
  }, from)
}

function place(view: View, rows: readonly string[] = ROWS) {
  const { chosen, from } = placeOf(view.panes[view.pane].cursor, rows, shown.page)
  return [rows[chosen], rows[from]]
}

test.for(['q', 'ctrl-c'])('%s leaves', (key) => {
  expect(press(start(), key, shown)).toBeUndefined()
})

test('panes go round with tab and the arrows, and open by letter and number', () => {
  expect(
    ['tab', 'tab', 'tab', 'tab', 'tab'].map((_, index, all) => after(all.slice(0, index + 1)).pane)
  ).toEqual(['tasks', 'agents', 'memory', 'logs', 'peers'])
  expect(after(['back-tab']).pane).toBe('logs')
  expect(['t', 'a', 'g', 'm', 'l', 'p', '2', '5'].map((key) => after([key]).pane)).toEqual([
    'tasks',
    'agents',
    'memory',
    'memory',
    'logs',
    'peers',
    'tasks',
    'logs'
  ])
})

test('the cursor moves, the rows move only when it would leave the screen', () => {
  expect(place(start())).toEqual(['a', 'a'])
  expect(place(after(['down', 'j']))).toEqual(['c', 'a'])
  expect(place(after(['down', 'down', 'down']))).toEqual(['d', 'b'])
  expect(place(after(['down', 'down', 'down', 'k', 'up']))).toEqual(['b', 'b'])
  expect(place(after(['page-down', 'page-down']))).toEqual(['f', 'd'])
  expect(place(after(['end', 'home']))).toEqual(['a', 'a'])
})

test('a row that was chosen is followed when the others change their order; the ends are places', () => {
  const reversed = ROWS.toReversed()
  expect(place(after(['down']), reversed)).toEqual(['b', 'd'])
  expect(place(start(), reversed)[0]).toBe('f')
  expect(place(after(['down']), ['x', 'y', 'z'])[0]).toBe('y')
  expect(placeOf(start().panes.peers.cursor, [], 3)).toEqual({ chosen: -1, from: 0 })
})

test('the newest log line stays in view until the user moves away, and again at the end', () => {
  const logs = after(['l'])
  expect(place(logs)).toEqual(['f', 'd'])
  expect(place(logs, [...ROWS, 'g'])).toEqual(['g', 'e'])
  const up = after(['up'], logs)
  expect(place(up, [...ROWS, 'g'])).toEqual(['e', 'd'])
  expect(place(after(['down'], up), [...ROWS, 'g'])).toEqual(['g', 'e'])
})

test('o sorts by the next column in its best direction, O turns it round', () => {
  const { sort } = after(['o']).panes.peers
  expect(sort).toEqual({ title: 'ERR/m', descending: true })
  expect(after(['O']).panes.peers.sort).toEqual({ title: 'DONE/m', descending: false })
  const titles = new Set<string>()
  let view = start()
  for (let count = 0; count < 30; count += 1) {
    titles.add(view.panes.peers.sort.title)
    view = after(['o'], view)
  }
  expect([...titles]).toEqual(expect.arrayContaining(['NAME', 'RTT', 'LOAD', 'AGENTS', 'DONE/m']))
})

test('in the log o shows the next level', () => {
  expect(after(['l', 'o']).level).toBe('warn')
  expect(after(['l', 'o', 'o', 'o']).level).toBe('trace')
})

test('a filter is typed, mended, kept and dropped; letters are no commands meanwhile', () => {
  const typed = after(['/', 'q', 'x', 'backspace', ' ', '琥'])
  expect(typed.typing).toBe(true)
  expect(typed.panes.peers.filter).toBe('q 琥')
  expect(after(['enter'], typed)).toMatchObject({
    typing: false,
    panes: { peers: { filter: 'q 琥' } }
  })
  expect(after(['enter', 'escape'], typed).panes.peers.filter).toBe('')
  expect(after(['escape'], typed)).toMatchObject({
    typing: false,
    panes: { peers: { filter: '' } }
  })
  expect(after(['ctrl-u'], typed)).toMatchObject({ typing: true, panes: { peers: { filter: '' } } })
  expect(press(typed, 'ctrl-c', shown)).toBeUndefined()
})

test('enter opens the row under the cursor, the arrows then move its lines, esc closes it', () => {
  const open = after(['down', 'enter'])
  expect(open.open).toEqual({ key: 'b', offset: 0 })
  expect(after(['down', 'end'], open).open).toEqual({ key: 'b', offset: 7 })
  expect(after(['down', 'home', 'up'], open).open).toEqual({ key: 'b', offset: 0 })
  expect(after(['escape'], open).open).toBeUndefined()
  expect(place(after(['escape'], open))).toEqual(['b', 'a'])
  expect(after(['t'], open)).not.toHaveProperty('open')
  expect(after(['enter'], start(), { ...shown, keys: [] }).open).toBeUndefined()
})

test('space pauses, plus and minus change how often it looks, within bounds', () => {
  expect(after([' ']).paused).toBe(true)
  expect(after([' ', ' ']).paused).toBe(false)
  expect(after(['+']).intervalMs).toBe(2000)
  expect(after(['-']).intervalMs).toBe(500)
  expect(after(Array.from({ length: 20 }, () => '-')).intervalMs).toBe(200)
  expect(after(Array.from({ length: 20 }, () => '=')).intervalMs).toBe(60_000)
})

test('the help covers the rest until it is closed', () => {
  expect(after(['?', 't'])).toMatchObject({ help: true, pane: 'peers' })
  expect(after(['?', 'escape']).help).toBe(false)
  expect(press(after(['?']), 'q', shown)).toBeUndefined()
})

test('no key leads to a row that is not there', () => {
  const key = fc.constantFrom(
    'up',
    'down',
    'page-up',
    'page-down',
    'home',
    'end',
    'enter',
    'escape',
    'tab',
    'o',
    '/',
    'x',
    ' ',
    '?'
  )
  fc.assert(
    fc.property(fc.array(key), fc.nat(8), fc.integer({ min: 1, max: 9 }), (keys, count, page) => {
      const rows = ROWS.slice(0, count)
      const view = after(keys, start(), { keys: rows, page, lines: 4 })
      const { chosen, from } = placeOf(view.panes[view.pane].cursor, rows, page)
      expect(chosen).toBe(rows.length === 0 ? -1 : Math.min(Math.max(chosen, 0), rows.length - 1))
      expect(from).toBeGreaterThanOrEqual(0)
      expect(chosen < from + page && (rows.length === 0 || chosen >= from)).toBe(true)
      expect(view.open?.offset ?? 0).toBeGreaterThanOrEqual(0)
    })
  )
})
