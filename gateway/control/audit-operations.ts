/** What the control API asks of a node's audit log, and what it writes there. */
import type { AuditLine, AuditReport } from '../../client/audit-api.ts'

/** Done by the user of this machine. */
export interface LocalDeed {
  /** Id of the route; `request` for one that was refused before. */
  readonly did: string
  /** Name of what it was done to; never content. */
  readonly what?: string
  readonly allowed: boolean
  /** Code of the error that came of it. */
  readonly reason?: string
}

export interface AuditFilter {
  /** Milliseconds since the epoch. */
  readonly since?: number
  /** Name, PeerId or a part of it, or `local`. */
  readonly peer?: string
  /** Only what was refused. */
  readonly denied: boolean
  /** The newest so many. */
  readonly limit: number
  /** Go on with those to come. */
  readonly follow: boolean
}

export interface AuditOperations {
  note(deed: LocalDeed): void
  /** Oldest first; those to come until the signal aborts. */
  lines(filter: AuditFilter, signal: AbortSignal): AsyncIterable<AuditLine>
  verify(): Promise<AuditReport>
}
