/** Whose part of the table of revocations one takes up: keys cost nothing, so nobody has room for each that it makes up. */
import type { PeerIdText } from '../../core/ids.ts'
import type { Members } from '../../trust/authority.ts'
import { NO_HEIRS } from '../../trust/heirs.ts'

/** All who are not on the members list have that of one member. */
const SHARED = ''

/**
 * Of a revocation by `issuer` that `from` told; without `from`, one that was kept before. `undefined`
 * for what is not kept: strangers could fill the table with what they never gave.
 */
export function roomOf(
  members: Members,
  issuer: PeerIdText,
  from?: PeerIdText
): string | undefined {
  // Without a list everybody is a member, also who was made up: then whoever tells of it answers for it.
  if (members.listed === false) return from ?? SHARED
  const present = (members.heirs ?? NO_HEIRS).presentOf(issuer)
  if (members.roleOf(present) !== undefined) return present
  return from === undefined || from === issuer ? SHARED : undefined
}
