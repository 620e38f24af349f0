/** `/metrics` without a token, for a scraper on this machine: only where the configuration says so. */
import { failureDocument, failureStatus, asFailure } from '../control/failure.ts'
import { METRICS_TYPE } from '../control/metrics-routes.ts'
import { isLoopback } from '../http/loopback.ts'
import { routeUnknown, sendJson } from '../http/request.ts'
import type { PublicRequest } from '../http/request.ts'

export interface MetricsDoorComponents {
  /** All metrics as text. */
  readonly metrics: () => Promise<string>
}

/**
 * False for another path, and for one who comes from elsewhere: that one needs a token, as everybody
 * does without this door. A proxy on this machine makes all who come by it local.
 */
export function createMetricsDoor({ metrics }: MetricsDoorComponents) {
  async function answer(request: PublicRequest): Promise<void> {
    const { response } = request
    try {
      const body = Buffer.from(await metrics())
      response.writeHead(200, {
        'content-type': METRICS_TYPE,
        'content-length': body.length,
        'cache-control': 'no-store'
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    } catch (error) {
      const failure = asFailure(error, 0)
      sendJson(request, failureDocument(failure), { status: failureStatus(failure.code) })
    }
  }

  return (request: PublicRequest): boolean => {
    const { path, method, incoming } = request
    if (path !== '/metrics' || !isLoopback(incoming.socket.remoteAddress ?? '')) return false
    if (method !== 'GET' && method !== 'HEAD') throw routeUnknown(request)
    void answer(request)
    return true
  }
}
