/** The lines above the table: which node this is, how it is doing, and what of it is shown. */
import type { Status } from '../../client/api.ts'
import type { VitalsSample } from '../../client/vitals-api.ts'
import { bytes } from '../format.ts'
import type { Style } from '../style.ts'
import { displayWidth, padEnd, padStart } from '../width.ts'
import type { Data } from './data.ts'
import { clockTime, flow, rate, share, time } from './figures.ts'
import { heat, sparkline } from './gauges.ts'
import { clip, joinPieces, spread, type Piece } from './line.ts'
import { tame } from './tame.ts'
import type { View } from './view.ts'

export interface HeaderState {
  readonly view: View
  readonly data: Data
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly lateMs: number
}

/** Later than that, and people notice. */
const LATE_MS = 100
const LONGEST_NAME = 32
const WIDE = 120
/** Of `tasks out`, and of `41 kB/s`. */
const LABEL = 10
const FIGURE = 8
const LEAST_SPARKLINE = 6

/** At most `count` lines, the most important first. */
export function headerLines(
  state: HeaderState,
  {
    columns,
    count,
    style
  }: { readonly columns: number; readonly count: number; readonly style: Style }
): string[] {
  const { data } = state
  const [worst] = data.status?.problems ?? []
  const problem = worst === undefined || count < 3 ? [] : [problemLine(data, columns, style)]
  const sample = data.vitals?.now
  const pictures =
    sample === undefined
      ? []
      : [tasksLine(data, sample, { columns, style }), bytesLine(data, sample, { columns, style })]
  const facts = factsLine(data, { columns, style, brief: count < 3 })
  const lines = [titleLine(state, columns, style), facts, ...problem, ...pictures]
  return lines.slice(0, count)
}

function titleLine(state: HeaderState, columns: number, style: Style): string {
  const { data, now } = state
  const { status } = data
  const right = condition(state, style)
  const name = tame(status?.name ?? '…', LONGEST_NAME)
  const end = columns < 60 ? right : `${clockTime(now)}  ${right}`.trimEnd()
  const left = joinPieces(
    [
      { text: 'lumos top', rank: 4, paint: style.accent },
      { text: name, rank: 0, paint: style.strong },
      ...(status === undefined
        ? []
        : [
            { text: `swarm ${tame(status.swarm, LONGEST_NAME)}`, rank: 2 },
            { text: `up ${time(status.uptimeMs)}`, rank: 1 },
            { text: `lumos ${tame(status.version, 16)}`, rank: 5, paint: style.faint }
          ])
    ],
    Math.max(1, columns - displayWidth(end) - 2),
    ' · '
  )
  return spread(left, end, columns)
}

/** Whether what is seen is how things are. */
function condition({ view, data, now, lateMs }: HeaderState, style: Style): string {
  if (data.lost !== undefined) return style.bad(`lost ${time(Math.max(0, now - data.lost.since))}`)
  if (view.paused) return style.doubtful('paused')
  if (lateMs > 0) return style.doubtful(`slow ${time(lateMs)}`)
  return view.intervalMs === 0 ? '' : style.faint(`every ${time(view.intervalMs)}`)
}

function factsLine(
  data: Data,
  {
    columns,
    style,
    brief
  }: { readonly columns: number; readonly style: Style; readonly brief: boolean }
): string {
  const { status, vitals, history } = data
  if (status === undefined) return ''
  const problems = status.problems.length
  const pieces: Piece[] = [
    { text: peersText(status, vitals?.now, columns), rank: 1 },
    ...(brief && problems > 0
      ? [{ text: `${problems} wrong`, rank: 0, paint: style.doubtful }]
      : []),
    ...(vitals ? rates(vitals.now, brief, style) : totals(status)),
    ...(vitals === null
      ? [{ text: 'no rates: this node is too old', rank: 2, paint: style.doubtful }]
      : []),
    ...(vitals ? machine(vitals.now, columns < WIDE ? [] : history, style) : oldMachine(status)),
    ...(vitals ? gossip(vitals.now) : [])
  ]
  return joinPieces(pieces, columns, columns < WIDE ? '  ' : '   ')
}

function peersText(status: Status, now: VitalsSample | undefined, columns: number): string {
  const peers = `peers ${status.peers}`
  if (now === undefined || columns < 60 || status.peers === 0) return peers
  const { direct, relay } = now.connections
  return `${peers} (${direct} direct${relay === 0 ? '' : `, ${relay} relay`})`
}

function rates({ tasksIn, tasksOut }: VitalsSample, brief: boolean, style: Style): Piece[] {
  const errors = Math.max(tasksIn.errorRate, tasksOut.errorRate)
  const { p50Ms, p95Ms } = tasksOut.p50Ms === null ? tasksIn : tasksOut
  return [
    ...(brief
      ? [{ text: `in ${rate(tasksIn.started)}/s out ${rate(tasksOut.started)}/s`, rank: 2 }]
      : []),
    { text: `p50 ${time(p50Ms)} p95 ${time(p95Ms)}`, rank: 4 },
    { text: `err ${share(errors)}`, rank: 3, ...(errors > 0 && { paint: style.bad }) }
  ]
}

/** What a node without rates knows: since its start. */
function totals({ tasks, asked }: Status): Piece[] {
  return [
    { text: `works ${tasks.running} run ${tasks.completed} done ${tasks.failed} failed`, rank: 3 },
    { text: `asked ${asked.running} run ${asked.completed} done ${asked.failed} failed`, rank: 4 }
  ]
}

function machine(now: VitalsSample, history: readonly VitalsSample[], style: Style): Piece[] {
  const past = sparkline(
    history.map(({ cpu }) => cpu),
    8,
    1
  )
  const picture = history.length === 0 ? '' : `${past} `
  return [
    {
      text: `cpu ${picture}${share(now.cpu)}`,
      rank: 5,
      ...(now.cpu > 0.6 && { paint: heat(now.cpu, style) })
    },
    { text: `rss ${bytes(now.rssBytes)}`, rank: 6 },
    {
      text: `lag ${time(now.loopP99Ms)}`,
      rank: 7,
      ...(now.loopP99Ms > LATE_MS && { paint: style.doubtful })
    }
  ]
}

function oldMachine({ rssBytes, eventLoopDelayMs }: Status): Piece[] {
  return [
    { text: `rss ${bytes(rssBytes)}`, rank: 6 },
    { text: `lag ${time(eventLoopDelayMs)}`, rank: 7 }
  ]
}

function gossip({ gossip: messages, gossipDuplicates, memoryWrites }: VitalsSample): Piece[] {
  const twice = messages === 0 ? '' : ` dup ${share(gossipDuplicates / messages)}`
  return [
    { text: `gossip ${rate(messages)}/s${twice}`, rank: 8 },
    { text: `memory ${rate(memoryWrites)}/s`, rank: 9 }
  ]
}

interface Picture {
  readonly columns: number
  readonly style: Style
}

function tasksLine({ history }: Data, now: VitalsSample, picture: Picture): string {
  return pair(picture, [
    {
      label: 'tasks in',
      figure: `${rate(now.tasksIn.started)}/s`,
      past: history.map(({ tasksIn }) => tasksIn.started)
    },
    {
      label: 'tasks out',
      figure: `${rate(now.tasksOut.started)}/s`,
      past: history.map(({ tasksOut }) => tasksOut.started)
    }
  ])
}

function bytesLine({ history }: Data, now: VitalsSample, picture: Picture): string {
  return pair(picture, [
    { label: 'bytes in', figure: flow(now.bytesIn), past: history.map(({ bytesIn }) => bytesIn) },
    {
      label: 'bytes out',
      figure: flow(now.bytesOut),
      past: history.map(({ bytesOut }) => bytesOut)
    }
  ])
}

interface Half {
  readonly label: string
  readonly figure: string
  readonly past: readonly number[]
}

function pair({ columns, style }: Picture, halves: readonly Half[]): string {
  const width = Math.floor((columns - 2 * (halves.length - 1)) / halves.length)
  const room = width - LABEL - FIGURE - 2
  return halves
    .map(({ label, figure, past }) => {
      const text = clip(`${padEnd(label, LABEL)}${padStart(figure, FIGURE)}`, width)
      const picture = room < LEAST_SPARKLINE ? '' : ` ${style.accent(sparkline(past, room))} `
      return padEnd(text + picture, width)
    })
    .join('  ')
}

function problemLine({ status }: Data, columns: number, style: Style): string {
  const [worst, ...others] = status?.problems ?? []
  if (worst === undefined) return ''
  const more = others.length === 0 ? '' : ` (and ${others.length} more: lumos status)`
  const hint = worst.hint === undefined ? '' : `; try: ${worst.hint}`
  return style.doubtful(tame(`! ${worst.message}${hint}${more}`, columns))
}
