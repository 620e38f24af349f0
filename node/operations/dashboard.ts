/** The dashboard on request of a person: a way in for a browser, and the end of all of them. */
import { API_VERSION } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { DashboardOperations } from '../../gateway/control/dashboard-operations.ts'
import { DASHBOARD_PATH } from '../../gateway/dashboard/door.ts'
import type { NodeGateway } from '../gateway.ts'

export function createDashboardOperations(
  gateway: Pick<NodeGateway, 'sessions' | 'url'>
): DashboardOperations {
  return {
    async code() {
      if (gateway.url === undefined) {
        const reason = 'this node serves nothing over HTTP'
        const fix = 'lumos config set gateway.enabled true, then: lumos down, lumos up'
        throw new LumosError('DASHBOARD_UNAVAILABLE', { details: { reason, fix } })
      }
      const url = new URL(DASHBOARD_PATH, gateway.url).href
      return { v: API_VERSION, url, ...gateway.sessions.offer() }
    },
    end: async () => ({ v: API_VERSION, sessions: gateway.sessions.endAll() })
  }
}
