/** Where the spans of a trace are drawn: rows of a tree, bars on one axis, and a colour for each node. */
import type { TraceSpan } from '../../client/trace-api.ts'

export interface WaterfallRow {
  readonly span: TraceSpan
  readonly depth: number
  /** Parts of the axis, 0 to 1. */
  readonly left: number
  readonly width: number
  /** How many spans hang below it, at any depth. */
  readonly below: number
  readonly folded: boolean
  /** Place of its node among those that take part, in the order in which they come in. */
  readonly lane: number
}

export interface Tick {
  readonly ms: number
  /** Part of the axis, 0 to 1. */
  readonly at: number
}

export interface Waterfall {
  readonly rows: readonly WaterfallRow[]
  readonly nodes: readonly { readonly id: string; readonly name: string }[]
  /** What the axis spans, in milliseconds. */
  readonly totalMs: number
  readonly ticks: readonly Tick[]
}

export interface WaterfallView {
  readonly spans: readonly TraceSpan[]
  /** Milliseconds to where those end that go on. */
  readonly tookMs: number
  /** Ids of spans whose parts are not shown. */
  readonly folded: ReadonlySet<string>
}

const TICKS = 5

/** `spans` in the order in which they are to be drawn: what hangs below one right behind it. */
export function layOut({ spans, tookMs, folded }: WaterfallView): Waterfall {
  const start = Math.min(0, ...spans.map(({ startMs }) => startMs))
  const end = Math.max(tookMs, ...spans.map((span) => span.startMs + (span.tookMs ?? 0)))
  const totalMs = Math.max(end - start, Number.MIN_VALUE)
  const below = countBelow(spans)
  const nodes = new Map<string, { id: string; name: string }>()
  const rows: WaterfallRow[] = []
  let hiddenBelow = Infinity
  for (const [place, span] of spans.entries()) {
    if (!nodes.has(span.node.id)) nodes.set(span.node.id, span.node)
    if (span.depth > hiddenBelow) continue
    const isFolded = folded.has(span.id) && below[place] !== 0
    hiddenBelow = isFolded ? span.depth : Infinity
    const left = clamp((span.startMs - start) / totalMs)
    const length = span.tookMs ?? tookMs - span.startMs
    rows.push({
      span,
      depth: span.depth,
      left,
      width: Math.min(1 - left, clamp(length / totalMs)),
      below: below[place] ?? 0,
      folded: isFolded,
      lane: [...nodes.keys()].indexOf(span.node.id)
    })
  }
  return { rows, nodes: [...nodes.values()], totalMs, ticks: ticksOf(totalMs) }
}

/** For each span, how many follow it that are deeper. */
function countBelow(spans: readonly TraceSpan[]): readonly number[] {
  const counts = spans.map(() => 0)
  const open: number[] = []
  const close = (depth: number, place: number): void => {
    for (;;) {
      const last = open.at(-1)
      if (last === undefined || (spans[last]?.depth ?? 0) < depth) return
      counts[last] = place - last - 1
      open.pop()
    }
  }
  for (const [place, { depth }] of spans.entries()) {
    close(depth, place)
    open.push(place)
  }
  close(-Infinity, spans.length)
  return counts
}

/** Round numbers on the axis: 1, 2 or 5 times a power of ten apart. */
function ticksOf(totalMs: number): readonly Tick[] {
  const rough = totalMs / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough
  const count = Math.floor(totalMs / step)
  return Array.from({ length: count + 1 }, (_, place) => ({
    ms: place * step,
    at: (place * step) / totalMs
  }))
}

function clamp(part: number): number {
  return Number.isFinite(part) ? Math.min(1, Math.max(0, part)) : 0
}
