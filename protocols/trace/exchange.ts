/** Tells peers where the time of their tasks went here, and asks them the same: no collector is needed to see a whole trace. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Sessions } from '../session/session.ts'
import { decodeTraceAnswer, decodeTraceQuestion, encodeTrace, TRACE_METHOD } from './messages.ts'
import type { ToldSpan, ToldTrace, TraceQuestion } from './messages.ts'

export interface TraceExchangeComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly sessions: Pick<Sessions, 'get' | 'methods'>
  /** What that peer may know: of its own tasks, and what came of them. */
  readonly tell: (asked: AskedTrace) => Promise<ToldTrace>
}

export interface AskedTrace extends Omit<TraceQuestion, 'v'> {
  readonly peer: PeerIdText
  /** Milliseconds left to answer. */
  readonly remainingMs: () => number
}

export interface TraceExchange {
  /**
   * What the peer tells, by the clock of this node. It is not dialled for it.
   *
   * @throws PEER_UNREACHABLE, UNKNOWN_METHOD (an older version), TIMED_OUT, INVALID_REQUEST
   */
  ask(asked: AskedTrace): Promise<ToldTrace>
}

export function createTraceExchange({
  clock,
  sessions,
  tell
}: TraceExchangeComponents): TraceExchange {
  sessions.methods.request(
    TRACE_METHOD,
    async (body, context) => {
      const { peer } = context
      const received = clock.now()
      const { v: _, ...question } = decodeTraceQuestion(body)
      const told = await tell({ ...question, peer, remainingMs: () => context.remainingMs() })
      return encodeTrace({ v: 1, received, sent: clock.now(), ...told })
    },
    { mostBytes: LIMITS.questionBytes.value }
  )

  return {
    async ask({ peer, remainingMs, ...question }) {
      const session = sessions.get(peer)
      if (session === undefined) throw new LumosError('PEER_UNREACHABLE', { details: { peer } })
      const asked = clock.now()
      const body = await session.request(TRACE_METHOD, encodeTrace({ v: 1, ...question }), {
        timeoutMs: remainingMs()
      })
      const { received, sent, spans, missing, dropped } = decodeTraceAnswer(body)
      const ahead = (received - asked + (sent - clock.now())) / 2
      return { spans: spans.map((span) => moved(span, -ahead)), missing, dropped }
    }
  }
}

/** By another clock. */
function moved(span: ToldSpan, byMs: number): ToldSpan {
  return {
    ...span,
    start: span.start + byMs,
    events: span.events.map(({ name, at }) => ({ name, at: at + byMs }))
  }
}
