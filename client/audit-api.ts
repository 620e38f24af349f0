/** The control API's documents about the audit log. */

/** One line: who did what to what, and whether it was let. */
export interface AuditLine {
  /** Counts from 1, without gaps. */
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  /** PeerId, or `local` for the user of this machine. */
  readonly who: string
  /** Of that peer, as far as this node knows. */
  readonly name?: string
  /** Of one that came in over HTTP. */
  readonly tenant?: string
  /** Operation of a peer, or of this API. */
  readonly did: string
  /** Name of what it was done to. */
  readonly what?: string
  /** Id of the grant that allowed it. */
  readonly grant?: string
  readonly allowed: boolean
  /** Why it was refused, or the code of the error that came of it. */
  readonly reason?: string
  /** How often between `at` and `lastAt`; absent for once. */
  readonly times?: number
  /** ISO 8601. */
  readonly lastAt?: string
  /** Lines before this one that the disk did not take. */
  readonly lost?: number
}

/** What reading the whole log found. */
export interface AuditReport {
  readonly v: 1
  readonly entries: number
  /** Number of the first line that is still kept; 0 when there is none. */
  readonly first: number
  /** Hash of the last line: whoever wrote it down can tell later whether the end was cut off. */
  readonly head: string
  /** The first place where the chain is broken. */
  readonly broken?: { readonly file: string; readonly line: number; readonly reason: string }
}
