/** Calls of the control API about the audit log. */
import type { AuditLine, AuditReport } from './audit-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { query } from './verbs.ts'

export interface AuditQuery {
  /** ISO 8601. */
  readonly since?: string
  /** Name, PeerId or a part of it, or `local`. */
  readonly peer?: string
  /** Only what was refused. */
  readonly denied?: boolean
  /** The newest so many lines. */
  readonly limit?: number
  /** Go on with those to come. */
  readonly follow?: boolean
}

export interface AuditCalls {
  /** Oldest first. */
  lines(filter?: AuditQuery, options?: CallOptions): AsyncGenerator<AuditLine>
  /** Whether anything was changed or taken away since it was written. */
  verify(options?: CallOptions): Promise<AuditReport>
}

export function createAuditCalls({ get, stream }: Verbs): AuditCalls {
  return {
    lines: (filter = {}, options) =>
      stream({ method: 'GET', path: `/v1/audit${query({ ...filter })}` }, options),
    verify: (options) => get('/v1/audit/verify', options)
  }
}
