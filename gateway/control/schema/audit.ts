/** What the control API says about the audit log: schemas of client/audit-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/audit-api.ts'
import { count, moment, named, v } from './document.ts'

export const auditLine: z.ZodType<api.AuditLine> = named(
  'AuditLine',
  z.strictObject({
    number: count,
    at: moment,
    who: z.string().describe('PeerId, or `local` for the user of this machine.'),
    name: z.string().exactOptional(),
    tenant: z.string().exactOptional().describe('Of one that came in over HTTP.'),
    did: z.string().describe('Operation of a peer, or of this API.'),
    what: z.string().exactOptional().describe('Name of what it was done to.'),
    grant: z.string().exactOptional(),
    allowed: z.boolean(),
    reason: z.string().exactOptional(),
    times: count.exactOptional(),
    lastAt: moment.exactOptional(),
    lost: count.exactOptional().describe('Lines before this one that the disk did not take.')
  })
)

export const auditReport: z.ZodType<api.AuditReport> = named(
  'AuditReport',
  z.strictObject({
    v,
    entries: count,
    first: count,
    head: z.string().describe('SHA-256 of the last line, in hex.'),
    broken: z.strictObject({ file: z.string(), line: count, reason: z.string() }).exactOptional()
  })
)
