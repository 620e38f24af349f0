/** What the control API says about the dashboard: schemas of client/dashboard-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/dashboard-api.ts'
import { count, ms, named, v } from './document.ts'

export const dashboardCode: z.ZodType<api.DashboardCode> = named(
  'DashboardCode',
  z.strictObject({
    v,
    url: z.string().describe('Where the dashboard is; the code goes behind it: `#code=…`.'),
    code: z.string().describe('Good for one sign-in.'),
    lifetimeMs: ms
  })
)

export const dashboardEnded: z.ZodType<api.DashboardEnded> = named(
  'DashboardEnded',
  z.strictObject({ v, sessions: count.describe('How many there were.') })
)
