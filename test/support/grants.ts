/** Grants for tests, and the peers that give them to each other. */
import type { GrantLimits } from '../../core/grant-words.ts'
import { createGrantIssuer } from '../../trust/grants/issue.ts'
import type { GrantInit, IssuedGrant } from '../../trust/grants/issue.ts'
import type { Identity } from '../../trust/identity.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

export const SWARM = `swarm:${'ab'.repeat(16)}`
export const HOUR = 60 * 60_000

/** Of `issuer` for `audience`: a call of any task in the swarm for an hour, unless said otherwise. */
export function grantOf(
  issuer: Identity,
  audience: Identity,
  init: Partial<GrantInit> & { readonly limits?: GrantLimits } = {}
): Promise<IssuedGrant> {
  const issue = createGrantIssuer(
    { clock: new ManualClock(), random: seededRandom(nextSeed()) },
    issuer
  )
  return issue({
    audience: audience.peer,
    with: SWARM,
    can: ['task/send'],
    lifetimeMs: HOUR,
    ...init
  })
}

let seed = 0

/** Every grant has an id of its own. */
function nextSeed(): number {
  seed += 1
  return seed
}
