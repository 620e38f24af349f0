/** Makes one document of the spans of several nodes: as a tree, in the order in which it is drawn. */
import { API_VERSION } from '../../client/api.ts'
import type { TaskTrace, TraceSpan } from '../../client/trace-api.ts'
import type { ToldSpan, ToldTrace } from '../../protocols/trace/messages.ts'
import { subjectOf } from './span-facts.ts'

export interface TraceViewInit {
  readonly task: string
  readonly trace: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** One at its place in the tree. */
interface Placed {
  readonly span: ToldSpan
  /** Empty where that is not among them. */
  readonly parent: string
  readonly depth: number
  /** Milliseconds since the epoch, by the clock of this node as far as that is known. */
  readonly start: number
}

export function traceView(
  { spans, missing, dropped }: ToldTrace,
  { task, trace, now }: TraceViewInit
): TaskTrace {
  const placed = placeAll(spans)
  const origin = Math.min(...placed.map(({ start }) => start))
  const ends = placed.map(({ span, start }) => (span.took === null ? now : start + span.took))
  return {
    v: API_VERSION,
    task,
    trace,
    startedAt: placed.length === 0 ? '' : new Date(origin).toISOString(),
    tookMs: placed.length === 0 ? 0 : rounded(Math.max(...ends) - origin),
    spans: placed.map((one) => viewOf(one, origin)),
    missing,
    dropped
  }
}

function viewOf({ span, parent, depth, start }: Placed, origin: number): TraceSpan {
  const { id, name, node, took, attributes, error } = span
  return {
    id,
    parent,
    depth,
    name,
    subject: subjectOf(name, attributes),
    node,
    startMs: rounded(start - origin),
    tookMs: took,
    attributes,
    events: span.events.map((event) => ({
      name: event.name,
      atMs: rounded(start - origin + event.at - span.start)
    })),
    error
  }
}

/** Microseconds; never before the beginning, whatever a peer says of its events. */
function rounded(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000)
}

/** Parents first, whatever peers say who hangs below whom. */
function placeAll(spans: readonly ToldSpan[]): readonly Placed[] {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const below = new Map<string, ToldSpan[]>()
  for (const span of byId.values()) {
    const parent = byId.has(span.parent) && span.parent !== span.id ? span.parent : ''
    const siblings = below.get(parent)
    if (siblings === undefined) below.set(parent, [span])
    else siblings.push(span)
  }
  const placed: Placed[] = []
  const seen = new Set<string>()
  const stack: Placed[] = []

  function push(parent: string, above?: Placed): void {
    // Turned round, because what was pushed last is taken first.
    for (const one of inOrder(below.get(parent) ?? [], above).toReversed()) {
      stack.push({ ...one, parent, depth: above === undefined ? 0 : above.depth + 1 })
    }
  }

  function takeAll(): void {
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (seen.has(next.span.id)) continue
      seen.add(next.span.id)
      placed.push(next)
      push(next.span.id, next)
    }
  }

  push('')
  takeAll()
  // A circle hangs below nothing.
  for (const span of byId.values()) {
    if (seen.has(span.id)) continue
    stack.push({ span, parent: '', depth: 0, start: span.start })
    takeAll()
  }
  return placed
}

/**
 * What hangs below one span, by its beginning. Clocks are known to half a round trip, and may be set while
 * a task runs: what another node did of it did not begin before it, so all of that is moved together.
 */
function inOrder(
  spans: readonly ToldSpan[],
  above: Placed | undefined
): readonly { readonly span: ToldSpan; readonly start: number }[] {
  // What its parent was moved by, it is moved by, too.
  const moved = above === undefined ? 0 : above.start - above.span.start
  const shifts = new Map<string, number>()
  for (const { node, start } of spans) {
    const shift = above === undefined ? 0 : above.start - (start + moved)
    shifts.set(node.id, Math.max(shifts.get(node.id) ?? 0, shift))
  }
  return spans
    .map((span) => ({ span, start: span.start + moved + (shifts.get(span.node.id) ?? 0) }))
    .toSorted((one, other) => one.start - other.start)
}
