/** Draws where the time of a task went: a line for each span, on all nodes, with a bar for when it was. */
import type { MissingNode, TaskTrace, TraceSpan } from '../client/trace-api.ts'
import type { Cli } from './cli.ts'
import { duration, plural } from './format.ts'
import type { Style } from './style.ts'
import { cut, displayWidth, oneLine, padEnd, padStart } from './width.ts'

/** Where nothing says how wide a line may be. */
const USUAL_WIDTH = 100
const LEAST_BAR = 10
const MOST_BAR = 60
/** Columns of what a span is about, on a narrow terminal; without so many there is no bar. */
const LEAST_WHAT = 24
const MOST_NODE = 16
const GAP = '  '

interface Line {
  readonly start: string
  readonly node: string
  readonly what: string
  readonly took: string
  readonly span: TraceSpan
  /** Of the bar, in milliseconds. */
  readonly fromMs: number
  readonly lastsMs: number
}

export function waterfall(trace: TaskTrace, cli: Cli): string[] {
  const style = cli.out()
  const { spans, tookMs } = trace
  if (spans.length === 0 && trace.missing.length === 0) {
    return [
      '',
      style.faint(
        '  no trace of it is kept here: it is too old, or nobody traced (tracing.enabled)'
      )
    ]
  }
  const lines = spans.flatMap((span) => linesOf(span, tookMs))
  const nodes = new Set(spans.map(({ node }) => node.id)).size
  return [
    '',
    `  ${duration(tookMs)} ${style.faint(`in ${plural(spans.length, 'span')} on ${plural(nodes, 'node')}`)}`,
    ...drawn(lines, tookMs, cli),
    ...trace.missing.map((one) => `  ${style.doubtful('!')} ${whyMissing(one)}`),
    ...(trace.dropped > 0 ? [style.faint(`  ${plural(trace.dropped, 'span')} more not kept`)] : [])
  ]
}

const WHY: Readonly<Record<string, string>> = {
  away: 'there is no connection to it now',
  old: 'its version keeps no traces',
  late: 'it did not answer in time',
  forgotten: 'it has forgotten it, or does not trace'
}

function whyMissing({ id, name, why }: MissingNode): string {
  return `${oneLine(name || id)} took part, and its part is not shown: ${WHY[why] ?? oneLine(why)}`
}

function linesOf(span: TraceSpan, totalMs: number): Line[] {
  const { depth, name, subject, node, startMs, tookMs, events } = span
  const head = { node: oneLine(node.name || node.id), span }
  const told = [name, subject, detailOf(span)].filter((word) => word !== '').join(' ')
  const indent = ' '.repeat(depth)
  return [
    {
      ...head,
      start: duration(startMs),
      what: indent + oneLine(told),
      took: tookMs === null ? 'goes on' : duration(tookMs),
      fromMs: startMs,
      lastsMs: tookMs ?? Math.max(0, totalMs - startMs)
    },
    // That it was accepted is where its worker’s spans begin.
    ...events
      .filter((event) => name === 'task' && event.name !== 'accepted')
      .map((event) => ({
        ...head,
        start: duration(event.atMs),
        what: `${indent} · ${oneLine(event.name)}`,
        took: '',
        fromMs: event.atMs,
        lastsMs: 0
      }))
  ]
}

/** What a span of that name is worth reading for, besides its time. */
function detailOf({ name, attributes, error }: TraceSpan): string {
  const { candidates, after, compared, inputTokens, outputTokens, path } = attributes
  const facts = [
    error,
    ...(after === undefined ? [] : [`after ${after}`]),
    ...(name === 'route' && Number(candidates) > 1 ? [compared ?? `of ${candidates}`] : []),
    ...(name === 'attempt' && path === 'relay' ? ['by relay'] : []),
    ...(inputTokens === undefined ? [] : [`${inputTokens} + ${outputTokens ?? 0} tokens`])
  ].filter((fact) => fact !== '')
  return facts.length === 0 ? '' : `(${facts.join(', ')})`
}

function drawn(lines: readonly Line[], totalMs: number, cli: Cli): string[] {
  const { out } = cli.terminal
  const style = cli.out()
  const width = out.isTerminal ? out.columns() : USUAL_WIDTH
  const widest = (cell: (line: Line) => string): number =>
    Math.max(0, ...lines.map((line) => displayWidth(cell(line))))
  const start = widest((line) => line.start)
  const node = Math.min(
    MOST_NODE,
    widest((line) => line.node)
  )
  const took = widest((line) => line.took)
  const room = width - (2 + start + node + took + 4 * GAP.length)
  const wanted = widest((line) => line.what)
  const bar =
    room - LEAST_BAR < LEAST_WHAT ? 0 : Math.min(MOST_BAR, Math.max(LEAST_BAR, room - wanted))
  // What is not for a terminal is never cut.
  const what = out.isTerminal ? Math.min(wanted, Math.max(LEAST_WHAT, room - bar)) : wanted
  return lines.map((line) => {
    const cells = [
      style.faint(padStart(line.start, start)),
      padEnd(cut(line.node, node), node),
      painted(padEnd(cut(line.what, what), what), line, style),
      padStart(line.took, took),
      painted(barOf(line, totalMs, bar), line, style)
    ]
    return `  ${cells.join(GAP)}`.trimEnd()
  })
}

function painted(text: string, { span, took }: Line, style: Style): string {
  if (span.error !== '') return style.bad(text)
  return took === '' ? style.doubtful(text) : text
}

function barOf({ fromMs, lastsMs, span }: Line, totalMs: number, width: number): string {
  if (width === 0 || totalMs <= 0) return ''
  const from = Math.min(width - 1, Math.floor((fromMs / totalMs) * width))
  const cells = Math.min(width - from, Math.max(1, Math.round((lastsMs / totalMs) * width)))
  return ' '.repeat(from) + (span.tookMs === null ? '╌' : '━').repeat(cells)
}
