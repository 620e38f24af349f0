/** A member as the list shows it: one node, whatever keys it has had. */
import type { PeerIdText } from '../../core/ids.ts'
import { isOut } from './precedence.ts'
import type { MemberStatement, Standing } from './statement.ts'

export interface Member {
  readonly peer: PeerIdText
  /** Its PeerIds before this one, the last first. */
  readonly former: readonly PeerIdText[]
  readonly standing: Standing
  readonly name: string
  /** Who said so; the owner for itself. */
  readonly by: PeerIdText
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly seq: number
}

/** Who is to be on the list. */
export type Newcomer = Pick<Member, 'peer' | 'name'>

type Said = Pick<MemberStatement, 'standing' | 'name' | 'by' | 'at' | 'seq'>

/** @param ids oldest first */
export function memberOf(
  ids: readonly PeerIdText[],
  { standing, name, by, at, seq }: Said
): Member {
  const [peer = '', ...former] = ids.toReversed()
  return { peer, former, standing, name, by, since: at, seq }
}

/**
 * What counts about one member, of the words that count about each of its ids.
 *
 * @param words of the oldest id first
 */
export function countingWord(
  words: readonly (MemberStatement | undefined)[],
  compare: (a: MemberStatement, b: MemberStatement) => number
): MemberStatement | undefined {
  let counting: MemberStatement | undefined
  for (const word of words) {
    if (word === undefined) continue
    // Nor does it count that who was sent away has left by itself.
    if (word.standing === 'left' && counting?.standing === 'removed') continue
    // Who was sent away does not come in again by becoming the heir of a member.
    const counts = counting === undefined || isOut(word.standing) || compare(word, counting) > 0
    if (counts) counting = word
  }
  return counting
}
