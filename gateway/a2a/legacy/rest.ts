/** The HTTP+JSON binding of A2A 0.3: paths that begin with a version, errors without an envelope. */
import type { LumosError } from '../../../core/errors.ts'
import { asFailure } from '../../control/failure.ts'
import { httpStatusOf, rpcErrorOf } from '../../http/errors.ts'
import { sendJson } from '../../http/request.ts'
import type { HttpRequest } from '../../http/request.ts'
import { answerRest, route } from '../rest.ts'
import type { RestComponents, RestPlace, Route } from '../rest.ts'

const TASK = String.raw`/v1/tasks/(?<id>[^/:]+)`
const CONFIG = String.raw`/pushNotificationConfigs/(?<pushNotificationConfigId>[^/]+)`

/** A2A 0.3, section 3.5.3, as its proto has it. */
export const LEGACY_ROUTES: readonly Route[] = [
  route('POST', '/v1/message:send', 'message/send'),
  route('POST', '/v1/message:stream', 'message/stream'),
  route('GET', TASK, 'tasks/get'),
  route('POST', `${TASK}:cancel`, 'tasks/cancel'),
  route('GET POST', `${TASK}:subscribe`, 'tasks/resubscribe'),
  route(
    'POST',
    // The proto of 0.3.0 says `task` here alone.
    String.raw`/v1/tasks?/(?<taskId>[^/:]+)/pushNotificationConfigs`,
    'tasks/pushNotificationConfig/set'
  ),
  route('GET', `${TASK}/pushNotificationConfigs`, 'tasks/pushNotificationConfig/list'),
  route('GET', TASK + CONFIG, 'tasks/pushNotificationConfig/get'),
  route('DELETE', TASK + CONFIG, 'tasks/pushNotificationConfig/delete'),
  route('GET', '/v1/card', 'agent/getAuthenticatedExtendedCard')
]

/** Whether a path is one of 0.3, be it right or wrong. */
export function isLegacyPath(path: string): boolean {
  return path.startsWith('/v1/')
}

export async function answerLegacyRest(
  components: RestComponents,
  request: HttpRequest,
  place: RestPlace
): Promise<void> {
  try {
    await answerRest(components, request, place)
  } catch (error) {
    if (request.response.headersSent) throw error
    const failure = asFailure(error, 0)
    // The server's own log tells of these; its answer is the same in every version.
    if (failure.code === 'INTERNAL') throw error
    const status = httpStatusOf(failure)
    // Nobody reads the rest of a request that is refused.
    const headers = request.incoming.complete ? {} : { connection: 'close' }
    sendJson(request, place.binding.errorOf(failure), { status, headers })
  }
}

export function legacyErrorOf(failure: LumosError): object {
  return rpcErrorOf(failure, { isParams: true })
}
