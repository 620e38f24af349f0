/** One frame of `lumos top`: what is known and wanted goes in, lines for a terminal of that size come out. */
import { createStyle, type Style } from '../style.ts'
import { displayWidth } from '../width.ts'
import type { Data } from './data.ts'
import { detailLines } from './details.ts'
import { headerLines } from './header.ts'
import { helpLines } from './help-page.ts'
import { clip, joinPieces, spread, type Piece } from './line.ts'
import type { Listing } from './listing.ts'
import { PANE_IDS, PANES } from './panes.ts'
import { tame } from './tame.ts'
import { placeOf, type Shown, type View } from './view.ts'

export interface TopState {
  readonly view: View
  readonly data: Data
  /** The rows of the pane; undefined while the node has not told. */
  readonly listing: Listing | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
  /** For how many milliseconds the node owes an answer; 0 while that is usual. */
  readonly lateMs: number
}

export interface FrameSize {
  readonly columns: number
  readonly rows: number
}

export interface FrameInit extends FrameSize {
  readonly colour: boolean
  /** Nobody can press a key. */
  readonly still?: boolean
}

/** Rows from which on the header has more lines than one. */
const ROWS_OF_HEADER = [4, 8, 16, 22] as const
const ROWS_WITH_TABS = 5
const ROWS_WITH_FOOTER = 6
const HEAD = 1

/** Exactly `rows` lines of at most `columns`. */
export function render(state: TopState, { columns, rows, colour, still }: FrameInit): string[] {
  const style = createStyle(colour)
  const { header, tabs, footer, body } = measure(state, rows)
  const size = { columns, style }
  const lines = [
    ...headerLines(state, { ...size, count: header }),
    ...(tabs === 0 ? [] : [tabsLine(state, { ...size, page: body - HEAD })])
  ]
  const foot = footer === 0 ? [] : [footerLine(state, { ...size, still })]
  const room = Math.max(0, rows - lines.length - foot.length)
  const content = bodyLines(state, { ...size, rows: room }).slice(0, room)
  const blank = Array.from({ length: room - content.length }, () => '')
  return [...lines, ...content, ...blank, ...foot].slice(0, rows).map((line) => line.trimEnd())
}

/** What the keys need to know of the screen. */
export function shownOf(state: TopState, { columns, rows }: FrameSize): Shown {
  const { body } = measure(state, rows)
  const { open, pane } = state.view
  const view = { columns, style: createStyle(false) }
  const lines = open === undefined ? 0 : detailLines(state.data, { pane, ...open }, view).length
  const page = open === undefined ? body - HEAD : body
  return { keys: state.listing?.keys ?? [], page: Math.max(1, page), lines }
}

function measure({ data }: TopState, rows: number) {
  const known = data.status !== undefined
  const pictures = data.vitals ? ROWS_OF_HEADER.length : 2
  const wanted = ROWS_OF_HEADER.filter((least) => rows >= least).length
  const base = known ? Math.min(wanted, pictures) : Math.min(wanted, 1)
  const hasProblem = (data.status?.problems.length ?? 0) > 0 && rows >= 16
  const header = Math.max(rows < 2 ? 0 : 1, base) + (hasProblem ? 1 : 0)
  const tabs = rows >= ROWS_WITH_TABS ? 1 : 0
  const footer = rows >= ROWS_WITH_FOOTER ? 1 : 0
  return { header, tabs, footer, body: Math.max(0, rows - header - tabs - footer) }
}

interface Room {
  readonly columns: number
  readonly style: Style
}

function tabsLine(
  state: TopState,
  { columns, style, page }: Room & { readonly page: number }
): string {
  const { view } = state
  const tabs = PANE_IDS.map((id): Piece => {
    const { title } = PANES[id]
    const isActive = id === view.pane
    if (isActive) return { text: `[${title}]`, rank: 0, paint: (text) => style.chosen(text) }
    return { text: ` ${title} `, rank: 1, paint: (text) => lettered(text, style) }
  })
  const left = joinPieces(tabs, columns, '')
  const room = columns - displayWidth(left) - 3
  const right = room < 8 ? '' : joinPieces(standing(state, page, style), room)
  const rest = columns - displayWidth(left) - displayWidth(right) - (right === '' ? 1 : 2)
  if (rest < 1) return spread(left, right, columns)
  return [left, style.faint('─'.repeat(rest)), ...(right === '' ? [] : [right])].join(' ')
}

/** The letter that opens it stands out. */
function lettered(text: string, style: Style): string {
  return ` ${style.accent(text.slice(1, 2))}${style.faint(text.slice(2))}`
}

/** How the rows are filtered and sorted, and which of them are seen. */
function standing({ view, listing, data }: TopState, page: number, style: Style): Piece[] {
  const { filter, sort, cursor } = view.panes[view.pane]
  if (listing === undefined || view.open !== undefined) return []
  const { keys, total } = listing
  const { from } = placeOf(cursor, keys, page)
  const count = `${total.toLocaleString('en-US')}${view.pane === 'tasks' && data.hasMoreTasks ? '+' : ''}`
  const seen = `${from + 1}-${Math.min(keys.length, from + page)}`
  const by =
    view.pane === 'logs' ? `level ${view.level}` : `by ${sort.title} ${sort.descending ? '▾' : '▴'}`
  const share =
    filter === '' ? (total === 0 ? '' : count) : `${keys.length.toLocaleString('en-US')}/${count}`
  const whole = filter === '' && total > 0 ? `all ${count}` : share
  return [
    { text: filter === '' ? '' : `/${tame(filter, 24)}`, rank: 1, paint: style.doubtful },
    { text: by, rank: 2, paint: style.faint },
    { text: keys.length <= page ? whole : `${seen} of ${share}`, rank: 0 }
  ]
}

function bodyLines(
  state: TopState,
  { columns, rows, style }: Room & { readonly rows: number }
): string[] {
  const { view, data, listing, now } = state
  const room = { columns, style }
  if (view.help) return helpLines(room)
  if (view.open !== undefined) {
    const lines = detailLines(data, { pane: view.pane, key: view.open.key }, room)
    const last = Math.max(0, lines.length - rows)
    return lines.slice(Math.min(view.open.offset, last))
  }
  const { filter, cursor } = view.panes[view.pane]
  if (listing === undefined) return [said(waitText(state), room)]
  const count = Math.max(1, rows - HEAD)
  const { chosen, from } = placeOf(cursor, listing.keys, count)
  const lines = listing.draw({ columns, style, from, count, chosen, now })
  if (listing.keys.length > 0) return lines
  const nothing = filter === '' ? PANES[view.pane].empty : `nothing fits "${filter}"; esc shows all`
  return [...lines, said(nothing, room)]
}

function waitText({ view, data }: TopState): string {
  const error = data.failures[PANES[view.pane].part]
  return error === undefined ? 'asking the node …' : error.message
}

function said(text: string, { columns, style }: Room): string {
  return columns < 3 ? '' : style.faint(`  ${tame(text, columns - 2)}`)
}

function footerLine(
  state: TopState,
  { columns, style, still = false }: Room & { readonly still: boolean | undefined }
): string {
  const { view, data } = state
  if (view.typing) {
    const { filter } = view.panes[view.pane]
    const typed = `/${tame(filter, columns - 2)}▏`
    return spread(clip(typed, columns), style.faint('enter keeps it, esc drops it'), columns)
  }
  if (data.lost !== undefined) {
    const { message } = data.lost.error
    return style.bad(tame(`lost the node: ${message}; trying again`, columns))
  }
  const failure = data.failures[PANES[view.pane].part]
  if (failure !== undefined) return style.doubtful(tame(`! ${failure.message}`, columns))
  return still ? '' : joinPieces(hints(view, style), columns)
}

function hints({ open, help, paused, pane }: View, style: Style): Piece[] {
  const hint = (text: string, rank: number): Piece => {
    const at = text.indexOf(' ')
    const paint = (whole: string): string =>
      `${style.accent(whole.slice(0, at))}${style.faint(whole.slice(at))}`
    return { text, rank, paint }
  }
  if (help) return [hint('esc back', 0), hint('q quit', 1)]
  const space = hint(paused ? 'space goes on' : 'space pause', paused ? 0 : 5)
  if (open !== undefined)
    return [hint('esc back', 0), hint('↑↓ scroll', 2), space, hint('q quit', 1)]
  return [
    hint('? help', 1),
    hint('tab pane', 2),
    hint('/ filter', 3),
    hint(pane === 'logs' ? 'o level' : 'o sort', 4),
    space,
    hint('enter details', 6),
    hint('+- interval', 7),
    hint('q quit', 0)
  ]
}
