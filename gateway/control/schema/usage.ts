/** What the control API says of use over HTTP, and what it is asked: schemas of client/usage-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/usage-api.ts'
import { tenantName } from './auth.ts'
import { count, ms, named, v } from './document.ts'

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

const usageDay = z.strictObject({
  day: day.describe('Of UTC.'),
  owner: z.string().describe('`tenant:acme`, or the name in the audit log of one of no tenant.'),
  tenant: z.string().nullable().describe('Null for one that is of no tenant.'),
  requests: count.describe('Those that were turned away included.'),
  refused: count.describe('Requests and tasks that a quota kept out.'),
  completed: count,
  failed: count,
  canceled: count,
  rejected: count,
  inputTokens: count,
  outputTokens: count,
  tokens: count.describe('All that workers say was spent, by those whom their agents asked, too.'),
  cost: z.number().min(0).describe('US dollars, where prices are known.'),
  runMs: ms.describe('From the orders of tasks to their ends.'),
  bytes: count.describe('Of orders and their stories, near enough.')
})

export const usageReport: z.ZodType<api.UsageReport> = named(
  'UsageReport',
  z.strictObject({ v, days: z.array(usageDay).describe('Youngest first.') })
)

export const usageQuery = z.strictObject({
  tenant: tenantName.exactOptional().describe('Only this tenant’s.'),
  since: day.exactOptional().describe('This day and those after it.')
}) satisfies z.ZodType<api.UsageQuery>
