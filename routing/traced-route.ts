/** Spans of the search for a worker, and of the task at each: why this one, why another one after it, and how long each had it. */
import { rootChain } from '../core/chain.ts'
import type { LumosError } from '../core/errors.ts'
import type { RouteChoice } from '../core/route-choice.ts'
import { NO_SPAN, NO_TRACER, spanOfTask } from '../core/trace.ts'
import type { Span, TraceContext, Tracer } from '../core/trace.ts'
import type { Placement, WorkOrder } from '../tasks/caller/dispatcher.ts'
import type { Call } from './call-watch.ts'

/** One search, which goes on when a worker does not take the task. */
export interface TracedRoute {
  /** Fails with what it fails with. */
  looking<T>(found: Promise<T>): Promise<T>
  chosen(placement: Placement, facts: RouteFacts): void
  /** Returns the error, so that it can be thrown. */
  failed(error: LumosError): LumosError
  /** Another one is looked for because of it, after so many milliseconds. */
  again(error: LumosError, waitedMs: number): void
}

export interface RouteFacts {
  readonly candidates: number
  readonly lookupMs: number
  readonly choice?: RouteChoice
}

const UNTRACED: TracedRoute = {
  looking: (found) => found,
  chosen() {},
  failed: (error) => error,
  again() {}
}

/** Compared ones that are told: the chosen one and who came next. */
const COMPARED = 3

type Order = Pick<WorkOrder, 'taskId' | 'chain'>

export function traceRoute(tracer: Tracer = NO_TRACER, order: Order): TracedRoute {
  if (!tracer.on) return UNTRACED
  const context = contextOf(order)
  let span = tracer.start('route', context)

  function failed(error: LumosError): LumosError {
    span.fail(error)
    span.end()
    return error
  }

  return {
    failed,
    async looking(found) {
      try {
        return await found
      } catch (error) {
        span.fail(error)
        span.end()
        throw error
      }
    },
    chosen(placement, { candidates, lookupMs, choice }) {
      span.set('chosen', placement.worker.name)
      span.set('agent', placement.agentId)
      span.set('candidates', candidates)
      span.set('lookupMs', lookupMs)
      if (choice !== undefined) tellChoice(span, choice)
      span.end()
    },
    again(error, waitedMs) {
      span = tracer.start('route', context)
      span.set('after', error.code)
      span.set('waitedMs', Math.round(waitedMs))
    }
  }
}

function tellChoice(span: Span, { policy, compared, excluded }: RouteChoice): void {
  span.set('policy', policy)
  if (compared.length > 1) {
    const costs = compared.slice(0, COMPARED).map(({ node, costMs }) => `${node} ${costMs} ms`)
    span.set('compared', costs.join(', '))
  }
  const passedOver = Object.entries(excluded).map(([why, count]) => `${count} ${why}`)
  if (passedOver.length > 0) span.set('passedOver', passedOver.join(', '))
}

/** The task at one worker; its id is what that one hangs its own spans below. */
export function startAttempt(
  tracer: Tracer = NO_TRACER,
  order: Order,
  { worker, agentId, path }: Placement
): Span {
  if (!tracer.on) return NO_SPAN
  const span = tracer.start('attempt', contextOf(order))
  span.set('task', order.taskId)
  span.set('worker', worker.id)
  span.set('peer', worker.name)
  span.set('agent', agentId)
  span.set('path', path)
  return span
}

/** The same, and its end is that of the span. */
export function tracedCall(call: Call, span: Span): Call {
  if (span === NO_SPAN) return call
  let isFirst = true
  return {
    heard(update) {
      if (isFirst) span.event('accepted')
      isFirst = false
      call.heard(update)
    },
    failed(error) {
      span.fail(error)
      call.failed(error)
    },
    closed() {
      span.end()
      call.closed()
    }
  }
}

/** Below the span of the task. */
function contextOf({ taskId, chain = rootChain(taskId) }: Order): TraceContext {
  const { trace, sampled } = chain
  return { trace, span: spanOfTask(taskId), ...(sampled === false && { sampled }) }
}
