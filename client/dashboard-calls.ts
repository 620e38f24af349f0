/** Calls of the control API about the dashboard. */
import type { DashboardCode, DashboardEnded } from './dashboard-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export interface DashboardCalls {
  /** DASHBOARD_UNAVAILABLE where nothing is served over HTTP. */
  code(options?: CallOptions): Promise<DashboardCode>
  /** Signs all of its sessions out. */
  end(options?: CallOptions): Promise<DashboardEnded>
}

export function createDashboardCalls({ post }: Verbs): DashboardCalls {
  return {
    code: (options) => post('/v1/dashboard/codes', {}, options),
    end: (options) => post('/v1/dashboard/end', {}, options)
  }
}
