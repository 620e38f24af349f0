/** What can be configured about issuers of JWTs, whose users come in over HTTP. */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { API_SCOPES } from '../../core/grant-words.ts'
import { tenantName } from '../../gateway/control/schema/auth.ts'
import { isLoopback } from '../../gateway/http/loopback.ts'
import { issuerName } from '../../trust/jwt/claims.ts'
import { JWT_ALGORITHMS } from '../../trust/jwt/jwt-issuers.ts'
import { duration } from './duration.ts'

const LONGEST_TOLERANCE_MS = 5 * 60_000

const safeUrl = z
  .string()
  .max(2048)
  .refine(isSafe, 'must be a URL with https, or with http of this machine, without query')
const text = z.string().min(1).max(256)
const scopes = z.array(z.enum(API_SCOPES)).max(API_SCOPES.length)

const issuer = z
  .strictObject({
    issuer: safeUrl,
    audience: z.union([text.transform((one) => [one]), z.array(text).min(1).max(16)]),
    jwksUri: safeUrl.exactOptional(),
    jwksFile: z.string().refine(isAbsolute, 'must be an absolute path').exactOptional(),
    algorithms: z
      .array(z.enum(JWT_ALGORITHMS))
      .min(1)
      .default([...JWT_ALGORITHMS]),
    clockTolerance: duration
      .refine((ms) => ms <= LONGEST_TOLERANCE_MS, 'must be at most 5m')
      .prefault('5s'),
    scopeClaim: text.default('scope'),
    rolesClaim: text.default('roles'),
    roles: z.record(text, scopes).exactOptional(),
    scopes: scopes.default([]),
    tenantClaim: text.exactOptional(),
    tenant: tenantName.exactOptional()
  })
  .refine(
    ({ jwksUri, jwksFile }) => jwksUri === undefined || jwksFile === undefined,
    'jwksUri and jwksFile exclude each other'
  )
  .refine(
    ({ tenant, tenantClaim }) => tenant === undefined || tenantClaim === undefined,
    'tenant and tenantClaim exclude each other'
  )

export const jwt = z
  .record(z.string(), issuer)
  .refine(
    (issuers) => {
      const names = Object.values(issuers).map((one) => issuerName(one.issuer))
      return new Set(names).size === names.length
    },
    { error: 'two of them have the same issuer', when: ({ issues }) => issues.length === 0 }
  )
  .default({})
  .describe(
    'Issuers whose JWTs let in, by a name of yours: `issuer`, `audience`, and what their claims mean (docs/auth.md).'
  )

/** Keys that come in plain text can be anybody's. */
function isSafe(given: string): boolean {
  const url = URL.parse(given)
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
