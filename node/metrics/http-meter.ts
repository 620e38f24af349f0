/** Counts what comes in by the doors over HTTP. */
import { createCounter } from '../../core/metrics.ts'
import type { CounterFamily } from '../../core/metrics.ts'
import type { HttpMeter } from '../../gateway/http/http-meter.ts'
import { METRICS } from './catalogue.ts'

export interface NodeHttpMeter extends HttpMeter {
  readonly families: readonly CounterFamily[]
  /** Open ones; `undefined` while no doors are built. */
  connections(): number | undefined
}

/** The first that fits: paths come from whoever asks, and there are not more doors than these. */
const DOORS: readonly (readonly [RegExp, string])[] = [
  [/^\/(agents|a2a|\.well-known)(\/|$)/, 'a2a'],
  [/^\/v1\/(chat|responses|models$)/, 'openai'],
  [/^\/mcp(\/|$)/, 'mcp'],
  [/^\/v1\/live$/, 'live'],
  [/^\/v1\//, 'control'],
  [/^\/metrics$/, 'metrics'],
  [/^\/(healthz|readyz)$/, 'health'],
  [/^\/(docs|openapi\.json)$/, 'docs'],
  [/^\/(dashboard(\/.*)?)?$/, 'dashboard']
]

export function createHttpMeter(): NodeHttpMeter {
  const requests = createCounter(METRICS.http.requests)
  const refusals = createCounter(METRICS.http.refused)
  const rejected = createCounter(METRICS.http.rejected)
  let places: { readonly size: number } | undefined
  return {
    families: [requests, refusals, rejected],
    connections: () => places?.size,
    answered(path, status) {
      const kind = status === undefined ? 'cut' : `${Math.floor(status / 100)}xx`
      requests.of(doorOf(path), kind).value += 1
    },
    refused(code) {
      refusals.of(code).value += 1
    },
    rejected() {
      rejected.of().value += 1
    },
    watch(connections) {
      places = connections
    }
  }
}

function doorOf(path: string): string {
  return DOORS.find(([pattern]) => pattern.test(path))?.[1] ?? 'none'
}
