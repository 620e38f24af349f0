/** The control API over HTTP: the routes that are safe there, each for who has the right to it. */
import { getRequestListener } from '@hono/node-server'
import type { Context } from 'hono'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { Caller, Callers } from '../http/callers.ts'
import type { HttpDoor, HttpRequest } from '../http/request.ts'
import { cutWhenStalled } from '../http/stall.ts'
import { createRoutesApp } from './app.ts'
import { operationOfRoute } from './http-access.ts'
import type { ControlOperations } from './operations.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'

export interface ControlDoorComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly callers: Pick<Callers, 'permit'>
  /** What there is for this caller: its own tasks, and notes under its name. */
  readonly operationsOf: (caller: Caller) => ControlOperations
}

/** Those that HTTP has; the others are not there, whoever asks. */
export const HTTP_ROUTES: readonly Route[] = ROUTES.filter(
  ({ id }) => operationOfRoute(id) !== undefined
)

/** Also of those that are for the socket: who asks for them hears so in the words of this API. */
const PATHS = [...new Set(ROUTES.map(({ path }) => path))].map(
  (path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
)

/** What hono hands through to whoever answers; the request itself is another one once its body is bounded. */
interface Bindings {
  readonly request: HttpRequest
}

function requestOf({ env }: Context<{ Bindings: Bindings }>): HttpRequest {
  return env.request
}

export function isControlPath(path: string): boolean {
  return PATHS.some((pattern) => pattern.test(path))
}

export function createControlDoor(components: ControlDoorComponents): HttpDoor {
  const { clock, logger, callers, operationsOf } = components
  const app = createRoutesApp(
    {
      clock,
      logger,
      // Whoever comes this far has been let in (gateway/http/callers.ts).
      admit: () => undefined,
      signalOf: (context) => requestOf(context).signal,
      operationsFor(context, { id }) {
        const { caller } = requestOf(context)
        const operation = operationOfRoute(id)
        if (operation === undefined) throw new LumosError('ROUTE_UNKNOWN')
        callers.permit(caller, operation, Object.values(context.req.param())[0] ?? id)
        return operationsOf(caller)
      }
    },
    HTTP_ROUTES
  )
  return async (request) => {
    const { path, incoming, response } = request
    if (!isControlPath(path)) return false
    cutWhenStalled(response, clock)
    const listener = getRequestListener(
      (raw) => {
        const bindings: Bindings = { request }
        return app.fetch(raw, bindings)
      },
      // This process may belong to somebody else.
      { overrideGlobalObjects: false }
    )
    await listener(incoming, response)
    return true
  }
}
