/** Which of two words on one matter counts: the same on every node, whichever it heard first. */
import type { KeyStatement, MemberStatement, Standing, Statement } from './statement.ts'

/** What has a number. The last words of a key have none: the first of them count. */
export type Numbered = MemberStatement | KeyStatement

export function isOut(standing: Standing): standing is 'removed' | 'left' {
  return standing === 'removed' || standing === 'left'
}

/** Each speaker has one word on each matter. */
export function slotOf(statement: Statement): string {
  return statement.kind === 'member'
    ? `member/${statement.peer}/${statement.by}`
    : `${statement.kind}/${statement.by}`
}

/** Above zero when `a` outdoes `b`. Of two at once the one that shuts out wins. */
export function compareWords(
  a: Numbered,
  b: Numbered,
  idOf: (statement: Statement) => string
): number {
  const difference = numberOf(a) - numberOf(b)
  if (difference !== 0) return difference
  const severity = severityOf(a) - severityOf(b)
  if (severity !== 0) return severity
  const [left, right] = [idOf(a), idOf(b)]
  return left === right ? 0 : left > right ? 1 : -1
}

function numberOf(statement: Numbered): number {
  return statement.kind === 'key' ? statement.epoch : statement.seq
}

function severityOf(statement: Numbered): number {
  return statement.kind === 'member' && isOut(statement.standing) ? 1 : 0
}
