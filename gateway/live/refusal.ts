/** What `/v1/live` says to a request that is none for a WebSocket (RFC 9110, section 15.5.22). */
import { LIVE_PATH } from '../../client/live-api.ts'
import type { RefuseFor } from '../http/refusal.ts'
import { refusalOf } from '../http/refusal.ts'

export const refuseForLive: RefuseFor = (path, failure) => {
  if (path !== LIVE_PATH || failure.code !== 'ROUTE_UNKNOWN') return undefined
  const headers = { upgrade: 'websocket', connection: 'Upgrade' }
  return { ...refusalOf(failure), status: 426, headers }
}
