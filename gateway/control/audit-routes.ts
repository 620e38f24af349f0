/** The part of the table of the control API that is about the audit log. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import type { AuditFilter } from './audit-operations.ts'
import { documentRoute, linesRoute } from './route.ts'
import { yesNo } from './schema/document.ts'
import * as audit from './schema/audit.ts'

const filter = z.strictObject({
  since: z.iso
    .datetime({ offset: true })
    .transform((moment) => Date.parse(moment))
    .exactOptional(),
  peer: z
    .string()
    .min(1)
    .max(256)
    .exactOptional()
    .describe('Name, PeerId or the end of one; `local` for the user of this machine.'),
  denied: yesNo.describe('Only what was refused.'),
  follow: yesNo.describe('Go on with the lines to come.'),
  limit: z.coerce.number<string>().int().min(1).max(LIMITS.auditLines.value).prefault('100')
}) satisfies z.ZodType<AuditFilter>

export const auditRoutes = [
  linesRoute({
    method: 'GET',
    path: '/v1/audit',
    id: 'audit',
    summary: 'Who did what to what, and what was refused; oldest first',
    query: filter,
    answer: audit.auditLine,
    handle: (operations, { query, signal }) => operations.audit.lines(query, signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/audit/verify',
    id: 'verifyAudit',
    summary: 'Whether the audit log is as it was written',
    answer: audit.auditReport,
    handle: (operations) => operations.audit.verify()
  })
]
