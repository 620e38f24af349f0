/** What a process remembers between the audits of a replica: where the next one begins, and which peer lacked what. */
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { MemoryId } from '../replica/record.ts'
import type { RecordName } from '../replica/rows.ts'

/** Where an audit is: they go through writers and their blocks in ascending order. */
export interface AuditPlace {
  readonly writer: MemoryId
  readonly block: number
}

/** Peers by what their sessions prove them to be; those without a name are one and the same. */
export interface AuditNotes {
  /** Where the next audit with `peer` begins. */
  placeOf(peer: string | undefined): AuditPlace
  move(peer: string | undefined, place: AuditPlace): void
  /** Notes that `peer` lacks `names`; returns those that another peer was seen to lack, too. */
  lackedByAnother(peer: string | undefined, names: readonly RecordName[]): readonly RecordName[]
  /** Whatever peers lacked until now no longer counts. */
  forgetLacks(): void
}

const START: AuditPlace = { writer: '', block: 0 }

/** By replica: as long as it is open. */
const known = new WeakMap<object, AuditNotes>()

export function auditNotesOf(replica: object): AuditNotes {
  const before = known.get(replica)
  if (before !== undefined) return before
  const notes = createAuditNotes()
  known.set(replica, notes)
  return notes
}

export function createAuditNotes(): AuditNotes {
  /**
   * By peer, or a liar could move the place so that audits with the others never come to what differs
   * from them.
   */
  const places = new RecentMap<string, AuditPlace>(LIMITS.connections.value)
  const lacks = new RecentMap<string, Set<MemoryId>>(LIMITS.memoryAuditPeers.value)

  return {
    placeOf: (peer = '') => places.get(peer) ?? START,
    move: (peer = '', place) => void places.set(peer, place),
    lackedByAnother(peer = '', names) {
      const others = Array.from(lacks).filter(([other]) => other !== peer)
      const lacked = lacks.get(peer) ?? new Set()
      lacks.set(peer, lacked)
      return names.filter(({ id }) => {
        if (others.some(([, ids]) => ids.has(id))) return true
        // Those that nobody confirms must not take the room of all others for ever.
        if (lacked.size >= LIMITS.memoryAuditNames.value) lacked.clear()
        lacked.add(id)
        return false
      })
    },
    forgetLacks: () => lacks.clear()
  }
}
