/** What the user looks at, and what each key does to it: no terminal, no node, no time. */
import type { LogLine } from '../../client/api.ts'
import type { Key } from './keys.ts'
import { PANE_IDS, PANES, type PaneId } from './panes.ts'
import type { Sort } from './table.ts'

export interface Cursor {
  /** Of the row; beyond the last it stays with the last, whatever comes. */
  readonly index: number
  /** The row it was moved to, which it follows; absent at both ends. */
  readonly key?: string
  /** Index of the first row that is seen. */
  readonly offset: number
}

export interface PaneView {
  readonly sort: Sort
  readonly filter: string
  readonly cursor: Cursor
}

export interface View {
  readonly pane: PaneId
  readonly panes: Readonly<Record<PaneId, PaneView>>
  /** The row whose details are shown. */
  readonly open?: { readonly key: string; readonly offset: number }
  readonly help: boolean
  /** A filter is being typed. */
  readonly typing: boolean
  readonly paused: boolean
  readonly intervalMs: number
  /** Log lines of this level and worse. */
  readonly level: LogLine['level']
}

/** What a key needs to know of what is on the screen. */
export interface Shown {
  /** Of all rows, in their order. */
  readonly keys: readonly string[]
  /** Rows that are seen at once, of a table or of details. */
  readonly page: number
  /** Lines of the details; 0 when none are shown. */
  readonly lines: number
}

/** Nobody reads faster, and slower ones are looked at by `--json`. */
const INTERVALS_MS = [200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000] as const
const LEVELS: readonly LogLine['level'][] = ['trace', 'debug', 'info', 'warn', 'error']
/** A filter is a few words. */
const LONGEST_FILTER = 80

export function createView(init: { readonly pane: PaneId; readonly intervalMs: number }): View {
  return {
    ...init,
    panes: {
      peers: paneView('peers'),
      tasks: paneView('tasks'),
      agents: paneView('agents'),
      memory: paneView('memory'),
      logs: paneView('logs')
    },
    help: false,
    typing: false,
    paused: false,
    level: 'info'
  }
}

function paneView(id: PaneId): PaneView {
  const index = id === 'logs' ? Infinity : 0
  return { sort: PANES[id].sort, filter: '', cursor: { index, offset: 0 } }
}

/** `undefined`: the user leaves. */
export function press(view: View, key: Key, shown: Shown): View | undefined {
  if (key === 'ctrl-c') return undefined
  if (view.typing) return type(view, key)
  if (key === 'q') return undefined
  if (view.help) return key === 'escape' || key === '?' ? { ...view, help: false } : view
  return (
    changePane(view, key) ??
    (view.open === undefined ? move(view, key, shown) : scroll(view, key, shown)) ??
    command(view, key, shown)
  )
}

/** Where the cursor is, and the first row that is seen; `chosen` is -1 without rows. */
export function placeOf(
  { index, key, offset }: Cursor,
  keys: readonly string[],
  page: number
): { readonly chosen: number; readonly from: number } {
  const last = keys.length - 1
  const followed = key === undefined ? -1 : keys.indexOf(key)
  const chosen = followed >= 0 ? followed : Math.max(Math.min(index, last), Math.min(0, last))
  const rows = Math.max(1, page)
  const latest = Math.max(0, keys.length - rows)
  const from = Math.min(Math.max(offset, chosen - rows + 1), Math.max(0, chosen), latest)
  return { chosen, from: Math.max(0, from) }
}

function type(view: View, key: Key): View {
  const { filter } = view.panes[view.pane]
  if (key === 'enter' || key === 'tab') return { ...view, typing: false }
  if (key === 'escape') return { ...withFilter(view, ''), typing: false }
  if (key === 'ctrl-u') return withFilter(view, '')
  if (key === 'backspace') return withFilter(view, filter.replace(/.$/u, ''))
  const isText = /^.$/u.test(key)
  return isText && filter.length < LONGEST_FILTER ? withFilter(view, filter + key) : view
}

function withFilter(view: View, filter: string): View {
  const { cursor } = view.panes[view.pane]
  const first = view.pane === 'logs' ? Infinity : 0
  // What was chosen may be left out now.
  return withPane(view, { filter, cursor: filter === '' ? cursor : { index: first, offset: 0 } })
}

function changePane(view: View, key: Key): View | undefined {
  const at = PANE_IDS.indexOf(view.pane)
  const step = { tab: 1, right: 1, 'back-tab': -1, left: -1 }[key]
  const pane =
    step === undefined
      ? PANE_IDS.find((id, index) => PANES[id].keys.includes(key) || key === String(index + 1))
      : PANE_IDS.at((at + step) % PANE_IDS.length)
  if (pane === undefined) return undefined
  const { open: _, ...rest } = view
  return { ...rest, pane }
}

function stepOf(key: Key, page: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    'page-up': -page,
    'page-down': page,
    home: -Infinity,
    end: Infinity
  }
  return steps[key]
}

function move(view: View, key: Key, { keys, page }: Shown): View | undefined {
  const step = stepOf(key, page)
  if (step === undefined) return undefined
  const { cursor } = view.panes[view.pane]
  const { chosen, from } = placeOf(cursor, keys, page)
  const index = Math.min(Math.max(chosen + step, 0), Math.max(0, keys.length - 1))
  if (step === -Infinity) return withPane(view, { cursor: { index: 0, offset: 0 } })
  // Who goes to the end wants to see what comes.
  if (index === keys.length - 1 && view.pane === 'logs') {
    return withPane(view, { cursor: { index: Infinity, offset: from } })
  }
  const followed = keys[index]
  return withPane(view, {
    cursor: { index, offset: from, ...(followed !== undefined && { key: followed }) }
  })
}

function scroll(view: View, key: Key, { lines, page }: Shown): View | undefined {
  const step = stepOf(key, page)
  if (view.open === undefined || step === undefined) return undefined
  const last = Math.max(0, lines - page)
  const offset = Math.min(Math.max(view.open.offset + step, 0), last)
  return { ...view, open: { ...view.open, offset } }
}

function command(view: View, key: Key, shown: Shown): View {
  switch (key) {
    case '?':
      return { ...view, help: true }
    case '/': {
      const { open: _, ...list } = view
      return { ...list, typing: true }
    }
    case 'escape':
      return back(view)
    case 'enter':
      return enter(view, shown)
    case ' ':
      return { ...view, paused: !view.paused }
    case '+':
    case '=':
      return { ...view, intervalMs: INTERVALS_MS.find((ms) => ms > view.intervalMs) ?? 60_000 }
    case '-':
      return { ...view, intervalMs: INTERVALS_MS.findLast((ms) => ms < view.intervalMs) ?? 200 }
    case 'o':
      return view.pane === 'logs' ? nextLevel(view) : nextSort(view)
    case 'O':
    case 'r':
      return reverse(view)
    default:
      return view
  }
}

/** One step: out of the details, or without the filter. */
function back(view: View): View {
  const { open, ...list } = view
  return open === undefined ? withFilter(view, '') : list
}

function enter(view: View, { keys, page }: Shown): View {
  const { chosen } = placeOf(view.panes[view.pane].cursor, keys, page)
  const key = keys[chosen]
  return key === undefined || view.open !== undefined ? view : { ...view, open: { key, offset: 0 } }
}

function nextSort(view: View): View {
  const { sorts } = PANES[view.pane]
  const at = sorts.findIndex(({ title }) => title === view.panes[view.pane].sort.title)
  const sort = sorts[(at + 1) % sorts.length]
  return sort === undefined ? view : withPane(view, { sort })
}

function reverse(view: View): View {
  const { title, descending } = view.panes[view.pane].sort
  return withPane(view, { sort: { title, descending: !descending } })
}

function nextLevel(view: View): View {
  const level = LEVELS[(LEVELS.indexOf(view.level) + 1) % LEVELS.length]
  return level === undefined ? view : { ...view, level }
}

function withPane(view: View, change: Partial<PaneView>): View {
  const before = view.panes[view.pane]
  return { ...view, panes: { ...view.panes, [view.pane]: { ...before, ...change } } }
}
