/** Counts sessions, the calls in them and the bytes that carry those. */
import { createCounter, createHistogram } from '../../core/metrics.ts'
import type { Count, CounterFamily, Distribution, HistogramFamily } from '../../core/metrics.ts'
import type { SessionMeter } from '../../protocols/session/session-meter.ts'
import type { Sessions } from '../../protocols/session/session.ts'
import { METRICS } from './catalogue.ts'

export interface SessionCounts extends SessionMeter {
  /** Counts what becomes of sessions, from now on. */
  watch(sessions: Pick<Sessions, 'events'>): void
  readonly families: readonly CounterFamily[]
  readonly durations: HistogramFamily
}

/** What a call needs that goes well, found in one step. */
interface Method {
  readonly ok: Count
  readonly duration: Distribution
}

export function createSessionCounts(): SessionCounts {
  const { sessions: specs } = METRICS
  const calls = createCounter(specs.calls)
  const durations = createHistogram(specs.callDuration)
  const bytes = createCounter(specs.bytes)
  const opened = createCounter(specs.opened)
  const closed = createCounter(specs.closed)
  const refusals = createCounter(specs.refused)
  const offences = createCounter(specs.offences)
  const bytesIn = bytes.of('in')
  const bytesOut = bytes.of('out')
  const methods = { in: new Map<string, Method>(), out: new Map<string, Method>() }

  function count(direction: 'in' | 'out', [method, outcome]: [string, string], ms: number): void {
    let known = methods[direction].get(method)
    if (known === undefined) {
      known = {
        ok: calls.of(direction, method, 'ok'),
        duration: durations.of(direction, method)
      }
      methods[direction].set(method, known)
    }
    known.duration.observe(ms / 1000)
    if (outcome === 'ok') known.ok.value += 1
    else calls.of(direction, method, outcome).value += 1
  }

  return {
    families: [opened, closed, refusals, offences, calls, bytes],
    durations,
    made: (method, outcome, tookMs) => count('out', [method, outcome], tookMs),
    served: (method, outcome, tookMs) => count('in', [method, outcome], tookMs),
    refused(code) {
      calls.of('in', '', code).value += 1
    },
    received(amount) {
      bytesIn.value += amount
    },
    sent(amount) {
      bytesOut.value += amount
    },
    watch({ events }) {
      events.on('opened', () => (opened.of().value += 1))
      events.on('closed', (_session, { code }) => (closed.of(code).value += 1))
      events.on('refused', (_peer, { code }) => (refusals.of(code).value += 1))
      events.on('offended', (_peer, { code }) => (offences.of(code).value += 1))
    }
  }
}
