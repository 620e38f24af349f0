/** The issuers of JWTs that the configuration names, with the way to their keys. */
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { createWebTargets } from '../core/web-targets.ts'
import { createJwtIssuers } from '../trust/jwt/jwt-issuers.ts'
import type { JwtIssuers } from '../trust/jwt/jwt-issuers.ts'
import { createKeySet } from '../trust/jwt/key-set.ts'
import { createKeySource } from '../trust/jwt/key-sources.ts'
import type { NodeConfig } from './config/schema.ts'
import { createWebSender } from './web-sender.ts'

export interface NodeJwtComponents {
  readonly clock: Clock
  readonly logger: Logger
}

export function createNodeJwtIssuers(
  { clock, logger }: NodeJwtComponents,
  { jwt, roles: ownRoles }: Pick<NodeConfig['gateway'], 'jwt' | 'roles'>
): JwtIssuers {
  const issuers = Object.entries(jwt).map(([name, { roles = ownRoles, ...init }]) => {
    const load = createKeySource({ send: senderFor(init) }, init)
    const keys = createKeySet({ clock, logger: logger.child(`jwt.${name}`), load })
    return { ...init, roles: new Map(Object.entries(roles)), keys }
  })
  return createJwtIssuers({ clock }, issuers)
}

/**
 * Whoever runs this node has named these hosts, so they may be anywhere, in the own network, too. What a
 * discovery document names besides has to be public.
 */
function senderFor({ issuer, jwksUri }: { readonly issuer: string; readonly jwksUri?: string }) {
  const named = [issuer, jwksUri].flatMap((url) => url ?? [])
  const hosts = named.map((url) => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'))
  return createWebSender({ targets: createWebTargets(hosts) })
}
