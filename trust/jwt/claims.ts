/** What the claims of a verified JWT mean here: whose it is, what it lets do, of which tenant its holder is one. */
import type { JWTPayload } from 'jose'
import { API_SCOPES } from '../../core/grant-words.ts'
import type { ApiScope } from '../../core/grant-words.ts'
import { isLabel } from '../node-name.ts'

export interface ClaimRules {
  readonly issuer: string
  /** Holds scopes, by spaces or as a list; words that are no scopes here mean nothing here. */
  readonly scopeClaim: string
  /** Holds names of roles. */
  readonly rolesClaim: string
  /** What each of these names lets do. */
  readonly roles: ReadonlyMap<string, readonly ApiScope[]>
  /** What any token of the issuer lets do. */
  readonly scopes: readonly ApiScope[]
  /** Holds the name of the tenant; a token without it is refused. */
  readonly tenantClaim?: string
  /** The tenant of all that the issuer vouches for. */
  readonly tenant?: string
}

export interface JwtHolder {
  /** `<host and path of the issuer>/<subject>`: nobody else's, whatever other issuers say. */
  readonly name: string
  readonly scopes: readonly ApiScope[]
  readonly tenant?: string
  /** When the token ends, the tolerance of clocks included: milliseconds since the epoch. */
  readonly expiresAt: number
}

/** OpenID Connect Core 1.0, section 2. */
const LONGEST_SUBJECT = 255
/** RFC 7800: such a token is worth nothing without a proof that this door does not ask for. */
const CONFIRMATION = 'cnf'

/** @returns instead of the holder why there is none, in a word */
export function holderOf(
  payload: JWTPayload,
  rules: ClaimRules
): Omit<JwtHolder, 'expiresAt'> | string {
  const { sub } = payload
  if (typeof sub !== 'string' || sub === '' || sub.length > LONGEST_SUBJECT) return 'subject'
  if (payload[CONFIRMATION] !== undefined) return 'bound to a key'
  const tenant = tenantOf(payload, rules)
  if (tenant !== undefined && !isLabel(tenant)) return 'tenant'
  const name = `${issuerName(rules.issuer)}/${encodeURIComponent(sub)}`
  const scopes = scopesOf(payload, rules)
  return { name, scopes, ...(tenant !== undefined && { tenant }) }
}

/** Two realms of one host are two issuers: the path belongs to the name, and no subject has a slash of its own. */
export function issuerName(issuer: string): string {
  const { host, pathname } = new URL(issuer)
  return `${host}${pathname.replace(/\/$/, '')}`
}

function scopesOf(payload: JWTPayload, rules: ClaimRules): readonly ApiScope[] {
  const words = new Set(wordsIn(claimOf(payload, rules.scopeClaim)))
  const ofRoles = wordsIn(claimOf(payload, rules.rolesClaim)).flatMap(
    (role) => rules.roles.get(role) ?? []
  )
  const all = new Set([...rules.scopes, ...ofRoles])
  return API_SCOPES.filter((scope) => words.has(scope) || all.has(scope))
}

/** Empty, so that it is refused, for one that should be there. */
function tenantOf(payload: JWTPayload, { tenant, tenantClaim }: ClaimRules): string | undefined {
  if (tenantClaim === undefined) return tenant
  const told = claimOf(payload, tenantClaim)
  return typeof told === 'string' ? told : ''
}

/** By its whole name, which may be a URL with dots, or by a path such as `realm_access.roles`. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  let value: unknown = payload
  for (const word of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, word)) return undefined
    value = Reflect.get(value, word)
  }
  return value
}

function wordsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ')
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []
}
