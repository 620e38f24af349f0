/** Serves the route table: who may ask, what exists, and how failures are put into words. */
import { Hono, type Context } from 'hono'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { inRequest } from '../../core/request-trace.ts'
import { documentAnswer, eventsAnswer, linesAnswer, textAnswer } from './answers.ts'
import { asFailure, failureDocument, failureStatus } from './failure.ts'
import { openApiDocument } from './openapi.ts'
import type { ControlOperations } from './operations.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'

/** What clients call a Unix socket; any other name smells of DNS rebinding. */
const HOSTS: ReadonlySet<string> = new Set(['', 'localhost', 'lumos'])

const OPENAPI_PATH = '/v1/openapi.json'

export interface ControlComponents {
  readonly operations: ControlOperations
  readonly logger: Logger
  readonly clock: Clock
}

export interface RoutesComponents {
  readonly logger: Logger
  readonly clock: Clock
  /** Before anything of a request is looked at. @throws for one that is not let in */
  readonly admit: (context: Context) => void
  /** What a route acts on, for who asks. @throws FORBIDDEN */
  readonly operationsFor: (context: Context, route: Route) => ControlOperations
  /** Aborts when nobody waits for the answer any more, or the node stops; its reason ends streams. */
  readonly signalOf: (context: Context) => AbortSignal
}

/** For the user of this machine. `stopping`: when it aborts, streams end with its reason and new requests are refused with it. */
export function createControlApp(components: ControlComponents, stopping: AbortSignal): Hono {
  const { operations } = components
  const parts: RoutesComponents = {
    ...components,
    admit(context) {
      refuseBrowsers(context, operations)
      stopping.throwIfAborted()
    },
    operationsFor: () => operations,
    signalOf: ({ req }) => AbortSignal.any([req.raw.signal, stopping])
  }
  const app = createRoutesApp(parts, ROUTES)
  app.get(OPENAPI_PATH, () => Response.json(openApiDocument()))
  app.all(OPENAPI_PATH, (context) => failureAnswer(unknownRoute(context), { allow: 'GET' }))
  return app
}

export function createRoutesApp(components: RoutesComponents, routes: readonly Route[]): Hono {
  const { logger, clock, admit, operationsFor, signalOf } = components
  const app = new Hono()
  const arrivals = new WeakMap<object, number>()

  function failureOf(error: unknown, context: Context): LumosError {
    const arrived = arrivals.get(context) ?? clock.monotonic()
    // Who has gone hears nothing, and that is no failure; a node that stops says so by a code.
    const isGone = signalOf(context).aborted && !(error instanceof LumosError)
    if (isGone) return new LumosError('CANCELLED', { cause: error })
    const failure = asFailure(error, clock.monotonic() - arrived)
    if (failure.code === 'INTERNAL') {
      logger.error('control request failed', { path: context.req.path, error })
    }
    return failure
  }

  app.onError((error, context) => failureAnswer(failureOf(error, context)))
  app.notFound((context) => failureAnswer(unknownRoute(context)))
  app.use(async (context, next) => {
    arrivals.set(context, clock.monotonic())
    admit(context)
    let traceparent: string | undefined
    const tracing = {
      traceparent: context.req.header('traceparent'),
      onOrder(told: string) {
        traceparent = told
      }
    }
    await inRequest(tracing, next)
    if (traceparent !== undefined) context.header('traceparent', traceparent)
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
  })

  for (const route of routes) {
    app.on(route.method, honoPath(route.path), (context) => {
      const operations = operationsFor(context, route)
      const parts = { operations, clock, signal: signalOf(context), asFailure: failureOf }
      if (route.kind === 'document') return documentAnswer(parts, route, context)
      if (route.kind === 'text') return textAnswer(parts, route, context)
      return route.kind === 'events'
        ? eventsAnswer(parts, route, context)
        : linesAnswer(parts, route, context)
    })
  }
  // Reached only when no route of that path knows the method.
  for (const path of new Set(routes.map((route) => route.path))) {
    const allow = routes.flatMap((route) => (route.path === path ? [route.method] : [])).join(', ')
    app.all(honoPath(path), (context) => failureAnswer(unknownRoute(context), { allow }))
  }
  return app
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

/**
 * A page in a browser must not reach the node, by whatever name it calls this machine: browsers
 * send these headers with what a page does across origins, programs never do.
 */
function refuseBrowsers({ req }: Context, { audit }: ControlOperations): void {
  const host = req.header('host')?.replace(/:\d+$/, '').toLowerCase() ?? ''
  for (const [header, suspicious] of [
    ['Origin', req.header('origin') !== undefined],
    ['Sec-Fetch-Site', req.header('sec-fetch-site') !== undefined],
    ['Host', !HOSTS.has(host)]
  ] as const) {
    if (!suspicious) continue
    audit.note({ did: 'request', what: header, allowed: false, reason: 'BROWSER_REFUSED' })
    throw new LumosError('BROWSER_REFUSED', { details: { header } })
  }
}

function unknownRoute({ req }: Context): LumosError {
  return new LumosError('ROUTE_UNKNOWN', { details: { method: req.method, path: req.path } })
}

/** `allow` says which methods the path does have. */
function failureAnswer(failure: LumosError, { allow }: { allow?: string } = {}): Response {
  return Response.json(failureDocument(failure), {
    status: allow === undefined ? failureStatus(failure.code) : 405,
    ...(allow !== undefined && { headers: { allow } })
  })
}
