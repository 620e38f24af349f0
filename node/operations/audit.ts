/** The audit log on request of a person, and the notes of what that person did. */
import { API_VERSION } from '../../client/api.ts'
import type { AuditLine } from '../../client/audit-api.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { AuditOperations } from '../../gateway/control/audit-operations.ts'
import type { AuditEntry, AuditLog } from '../../trust/audit-log.ts'

export interface AuditOperationsComponents {
  readonly audit: Pick<AuditLog, 'note' | 'read' | 'follow' | 'verify'>
  /** Empty for a peer that nobody has told of. */
  readonly nameOf: (peer: PeerIdText) => string
  /** PeerIds of those that are called so. */
  readonly named: (name: string) => readonly PeerIdText[]
}

export function createAuditOperations({
  audit,
  nameOf,
  named
}: AuditOperationsComponents): AuditOperations {
  return {
    note: (deed) => audit.note({ who: LOCAL, ...deed }),
    async *lines({ since, peer, denied, limit, follow }, signal) {
      const wanted = peer === undefined ? undefined : new Set([peer, ...named(peer)])
      // A peer that is long gone has no name any more: its PeerId, or the end of it, still fits.
      const isWanted = ({ who }: AuditEntry): boolean =>
        wanted === undefined || wanted.has(who) || isEnd(who, peer)
      const query = { ...(since !== undefined && { since }), ...(denied && { allowed: false }) }
      const newest: AuditEntry[] = []
      let after = 0
      for await (const entry of audit.read(query)) {
        after = entry.number
        if (!isWanted(entry)) continue
        newest.push(entry)
        if (newest.length > limit) newest.shift()
      }
      for (const entry of newest) yield lineOf(entry, nameOf)
      if (!follow) return
      for await (const entry of audit.follow({ ...query, after }, signal)) {
        if (isWanted(entry)) yield lineOf(entry, nameOf)
      }
    },
    verify: async () => ({ v: API_VERSION, ...(await audit.verify()) })
  }
}

const LOCAL = 'local'
/** As for selectors of peers: shorter ends fit too many. */
const MIN_END = 6

function isEnd(who: string, end = ''): boolean {
  return end.length >= MIN_END && who.endsWith(end)
}

function lineOf(
  { at, lastAt, ...entry }: AuditEntry,
  nameOf: (peer: PeerIdText) => string
): AuditLine {
  const name = nameOf(entry.who)
  return {
    ...entry,
    at: new Date(at).toISOString(),
    ...(name !== '' && { name }),
    ...(lastAt !== undefined && { lastAt: new Date(lastAt).toISOString() })
  }
}
