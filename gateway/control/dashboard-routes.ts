/** The part of the table of the control API that is about the dashboard. */
import { documentRoute } from './route.ts'
import * as dashboard from './schema/dashboard.ts'

export const dashboardRoutes = [
  documentRoute({
    method: 'POST',
    path: '/v1/dashboard/codes',
    id: 'createDashboardCode',
    summary: 'Makes a code by which a browser signs in to the dashboard, once and soon',
    answer: dashboard.dashboardCode,
    handle: (operations) => operations.dashboard.code()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/dashboard/end',
    id: 'endDashboardSessions',
    summary: 'Signs all sessions of the dashboard out, at once',
    answer: dashboard.dashboardEnded,
    handle: (operations) => operations.dashboard.end()
  })
]
