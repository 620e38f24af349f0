/** What counts of all that was said about each id of a swarm. */
import type { PeerIdText } from '../../core/ids.ts'
import type { MemberStatement, Statement } from './statement.ts'

export type BestWords = ReadonlyMap<PeerIdText, MemberStatement>

export interface Weighing {
  /** Whether somebody else alone decides about whom it is said. */
  readonly isOverruled: (said: MemberStatement) => boolean
  readonly order: (one: MemberStatement, other: MemberStatement) => number
}

export function bestWords(
  statements: Iterable<Statement>,
  { isOverruled, order }: Weighing
): BestWords {
  const best = new Map<PeerIdText, MemberStatement>()
  const farewells: MemberStatement[] = []
  const hear = (statement: MemberStatement): void => {
    const other = best.get(statement.peer)
    if (other === undefined || order(statement, other) > 0) best.set(statement.peer, statement)
  }
  for (const statement of statements) {
    if (statement.kind !== 'member' || isOverruled(statement)) continue
    if (statement.standing === 'left') farewells.push(statement)
    else hear(statement)
  }
  // Who was sent away has not left by itself, whatever it says.
  for (const farewell of farewells)
    if (best.get(farewell.peer)?.standing !== 'removed') hear(farewell)
  return best
}
