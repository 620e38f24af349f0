/** Counts how workers are found for tasks, and what becomes of those that were asked. */
import { createCounter, createHistogram } from '../../core/metrics.ts'
import type { CounterFamily, HistogramFamily } from '../../core/metrics.ts'
import type { CallMeter } from '../../routing/call-meter.ts'
import type { DispatchEvent } from '../../tasks/caller/dispatcher.ts'
import { METRICS } from './catalogue.ts'

export interface RouteMeter {
  readonly calls: CallMeter
  readonly onDispatch: (event: DispatchEvent) => void
  readonly families: readonly CounterFamily[]
  readonly lookups: HistogramFamily
}

/** `next` is told of each task that goes to a worker, too. */
export function createRouteMeter(next: CallMeter): RouteMeter {
  const { routing: specs } = METRICS
  const choices = createCounter(specs.choices, ['local', 'direct', 'relay'])
  const retries = createCounter(specs.retries)
  const hedges = createCounter(specs.hedges, ['asked', 'lost'])
  const sent = createCounter(specs.sent, ['success', 'failure', 'neither'])
  const breakers = createCounter(specs.breakers)
  const lookups = createHistogram(specs.lookup)
  return {
    families: [choices, retries, hedges, sent, breakers],
    lookups,
    calls: {
      sent: (worker) => next.sent(worker),
      begun: (worker) => next.begun(worker),
      ended(worker, end) {
        sent.of(end.outcome).value += 1
        next.ended(worker, end)
      },
      breakerOpened(worker) {
        breakers.of().value += 1
        next.breakerOpened(worker)
      }
    },
    onDispatch(event) {
      if (event.type === 'routed') {
        choices.of(event.placement.path).value += 1
        lookups.of().observe(event.lookupMs / 1000)
      } else if (event.type === 'retry') retries.of(event.error.code).value += 1
      else if (event.type === 'hedged') hedges.of('asked').value += 1
      else if (event.type === 'hedge-lost') hedges.of('lost').value += 1
    }
  }
}
