/** Finds what came of a task among the kept spans, and asks those who took part for theirs. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createPeerRateLimit } from '../../core/peer-rate-limit.ts'
import type { AskedTrace, TraceExchange } from '../../protocols/trace/exchange.ts'
import type { ToldNode, ToldSpan, ToldTrace, Untold } from '../../protocols/trace/messages.ts'
import { isOfTask, workerOf } from './span-facts.ts'
import type { KeptSpan, SpanRing } from './span-ring.ts'

export interface TraceReaderComponents {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly ring: Pick<SpanRing, 'of'>
  readonly exchange: () => Pick<TraceExchange, 'ask'>
  /** Empty for a peer that nobody has told of. */
  readonly nameOf: (peer: PeerIdText) => string
}

export interface TraceWish {
  readonly trace: string
  readonly task: string
  /** Who gave it to this node; this node itself for its own. */
  readonly caller: PeerIdText
  /** Who has it, for when no span tells any more. */
  readonly worker?: PeerIdText | undefined
}

export interface TraceReader {
  /**
   * For a peer: what came of tasks that it gave to this node, and nothing else.
   *
   * @throws OVERLOADED when it asks too often
   */
  forPeer(asked: AskedTrace): Promise<ToldTrace>
  /** For who sits at this node. */
  own(wish: TraceWish): Promise<ToldTrace>
}

/** What is left to whoever asked, to put together what it is told. */
const MARGIN_MS = 250
const ASKS = { rate: 5, burst: LIMITS.traceAsks.value }

export function createTraceReader(
  components: TraceReaderComponents,
  { self }: { readonly self: PeerIdText }
): TraceReader {
  const { clock, ring } = components
  const asks = createPeerRateLimit({ clock }, ASKS)

  async function read(wanted: Wanted): Promise<ToldTrace> {
    const { spans, dropped } = ring.of(wanted.trace)
    const part = partOf(spans, { ...wanted, self })
    const own = part.map(createTelling(components, self))
    const workers = workersOf(part, self)
    const [task] = wanted.tasks
    // The spans of the search for it may be forgotten; who has it is not.
    if (workers.size === 0 && wanted.worker !== undefined && task !== undefined) {
      workers.set(wanted.worker, new Set([task]))
    }
    const told = await askAll(components, wanted, workers)
    return fitting([{ spans: own, missing: [], dropped }, ...told])
  }

  return {
    async forPeer({ peer, trace, tasks, hops, remainingMs }) {
      asks.take(peer, 1)
      return read({ trace, tasks, hops, remainingMs, caller: peer })
    },
    own({ trace, task, caller, worker }) {
      const until = clock.monotonic() + LIMITS.traceWait.value + MARGIN_MS
      return read({
        trace,
        tasks: [task],
        hops: LIMITS.agentAskDepth.value,
        caller,
        remainingMs: () => until - clock.monotonic(),
        ...(worker !== self && worker !== '' && { worker })
      })
    }
  }
}

interface Wanted extends Omit<AskedTrace, 'peer'> {
  readonly caller: PeerIdText
  readonly worker?: PeerIdText | undefined
}

interface Part {
  readonly tasks: readonly string[]
  readonly caller: PeerIdText
  readonly self: PeerIdText
}

/** Spans of these tasks and all below them, but for what another peer asked for. */
function partOf(spans: readonly KeptSpan[], { tasks, caller, self }: Part): readonly KeptSpan[] {
  const asked = new Set(tasks)
  const below = Map.groupBy(spans, ({ parent }) => parent)
  const part = new Set(
    spans.filter((span) => isOfTask(span, { caller, self }) && asked.has(taskOf(span)))
  )
  // What is added on the way is walked over, too.
  for (const { id } of part) {
    for (const span of below.get(id) ?? []) {
      const by = span.attributes['caller']
      if (by === undefined || by === self || by === caller) part.add(span)
    }
  }
  return [...part]
}

function taskOf({ attributes: { task } }: KeptSpan): string {
  return typeof task === 'string' ? task : ''
}

/** Tasks by the peers that they were given to. */
function workersOf(part: readonly KeptSpan[], self: PeerIdText): Map<PeerIdText, Set<string>> {
  const workers = new Map<PeerIdText, Set<string>>()
  for (const span of part) {
    const worker = workerOf(span)
    if (worker === undefined || worker === self) continue
    workers.set(worker, (workers.get(worker) ?? new Set()).add(taskOf(span)))
  }
  return workers
}

/** What the spans say of this process, in what others understand. */
function createTelling(
  { clock, nameOf }: Pick<TraceReaderComponents, 'clock' | 'nameOf'>,
  self: PeerIdText
): (span: KeptSpan) => ToldSpan {
  const node: ToldNode = { id: self, name: nameOf(self) }
  // Monotonic time, by the wall clock as it goes now.
  const epoch = clock.now() - clock.monotonic()
  return ({ id, parent, name, startedAt, endedAt, attributes, events, error }) => ({
    id,
    parent,
    name,
    node,
    start: precise(epoch + startedAt),
    took: endedAt === undefined ? null : precise(endedAt - startedAt),
    attributes,
    events: events.map((event) => ({ name: event.name, at: precise(epoch + event.at) })),
    error
  })
}

/** Microseconds. */
function precise(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

async function askAll(
  components: TraceReaderComponents,
  { trace, hops, remainingMs }: Wanted,
  workers: ReadonlyMap<PeerIdText, ReadonlySet<string>>
): Promise<readonly ToldTrace[]> {
  const { exchange, nameOf } = components
  const all = [...workers]
  const left = (): number => Math.min(remainingMs(), LIMITS.traceWait.value) - MARGIN_MS
  const untold = (id: PeerIdText, why: string): ToldTrace => ({
    spans: [],
    missing: [{ id, name: nameOf(id), why }],
    dropped: 0
  })

  async function ask([peer, tasks]: readonly [
    PeerIdText,
    ReadonlySet<string>
  ]): Promise<ToldTrace> {
    if (hops === 0 || left() <= 0) return untold(peer, hops === 0 ? 'too-deep' : 'late')
    try {
      const told = await exchange().ask({
        peer,
        trace,
        tasks: [...tasks].slice(0, LIMITS.traceTasks.value),
        hops: hops - 1,
        remainingMs: left
      })
      return told.spans.length === 0 && told.missing.length === 0 ? untold(peer, 'forgotten') : told
    } catch (error) {
      return untold(peer, WHY[toLumosError(error).code] ?? toLumosError(error).code)
    }
  }

  const most = LIMITS.tracePeers.value
  const told = await Promise.all(all.slice(0, most).map(ask))
  return [...told, ...all.slice(most).map(([peer]) => untold(peer, 'too-many'))]
}

const WHY: Readonly<Record<string, string>> = {
  PEER_UNREACHABLE: 'away',
  SESSION_CLOSED: 'away',
  UNKNOWN_METHOD: 'old',
  TIMED_OUT: 'late'
}

/** Within what may be told at once: what comes first stays. */
function fitting(parts: readonly ToldTrace[]): ToldTrace {
  const all = parts.flatMap(({ spans }) => spans)
  const spans: ToldSpan[] = []
  let bytes = 0
  for (const span of all) {
    bytes += JSON.stringify(span).length
    if (bytes > LIMITS.traceBytes.value || spans.length >= LIMITS.traceSpans.value) break
    spans.push(span)
  }
  const missing = new Map<string, Untold>()
  for (const one of parts.flatMap((part) => part.missing)) missing.set(one.id, one)
  const dropped = parts.reduce((sum, part) => sum + part.dropped, all.length - spans.length)
  return { spans, missing: [...missing.values()].slice(0, LIMITS.tracePeers.value), dropped }
}
