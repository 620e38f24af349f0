/** Whether a record may be in a space: a pure function, or replicas that judged alike would still differ. */
import type { AuthorKey, MemoryRecord } from '../replica/record.ts'
import type { Access } from './access.ts'
import type { Space } from './space.ts'

/**
 * Why a record is not taken.
 *
 * - `misfit`: it can never be in this space;
 * - `denied`: not by the statements known so far;
 * - `expired`: it had its time, and replicas are removing it;
 * - `future`: its time has not come (by this node's clock);
 * - `quota`: its author holds too much here already.
 */
export type Refusal = 'misfit' | 'denied' | 'expired' | 'future' | 'quota'

/**
 * Refusals that hold for ever: the number counts as done with. After any other the record has to
 * come again, and the version vector must not say otherwise.
 */
export const FINAL_REFUSALS: ReadonlySet<Refusal> = new Set(['misfit', 'expired'])

export type Judgement = (author: AuthorKey, record: MemoryRecord) => 'misfit' | 'denied' | undefined

/** `author` is whom the record's writer stands for, and has signed it. */
export function createJudgement(space: Space, access: Access): Judgement {
  return (author, record) => {
    if (record.space !== space.id || record.sealed !== space.sealed) return 'misfit'
    if (record.value.length > space.valueBytes) return 'misfit'
    return access.mayWrite(author, record) ? undefined : 'denied'
  }
}
