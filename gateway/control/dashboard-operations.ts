/** What the control API asks of a node about its dashboard. */
import type { DashboardCode, DashboardEnded } from '../../client/dashboard-api.ts'

export interface DashboardOperations {
  /** @throws DASHBOARD_UNAVAILABLE */
  code(): Promise<DashboardCode>
  end(): Promise<DashboardEnded>
}
