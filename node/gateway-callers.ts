/** Where the doors over HTTP are and who may come in, as the configuration says. */
import type { WayIn } from '../client/auth-api.ts'
import { createDashboardAuthenticator } from '../gateway/dashboard/door.ts'
import type { DashboardSessions } from '../gateway/dashboard/sessions.ts'
import {
  createJwtAuthenticator,
  createTokenAuthenticator,
  openAuthenticator
} from '../gateway/http/authenticators.ts'
import type { Authenticator } from '../gateway/http/authenticators.ts'
import { createCallers } from '../gateway/http/callers.ts'
import type { Callers } from '../gateway/http/callers.ts'
import { createCertificateAuthenticator } from '../gateway/http/client-certificates.ts'
import type { CertificateRight } from '../gateway/http/client-certificates.ts'
import { createFailedAttempts } from '../gateway/http/failed-attempts.ts'
import { createHttpQuotas } from '../gateway/http/quotas.ts'
import { createHostGuard } from '../gateway/http/host-guard.ts'
import { isLoopback, isWildcard } from '../gateway/http/loopback.ts'
import type { HttpServerInit } from '../gateway/http/http-server.ts'
import type { TlsInit } from '../gateway/http/tls-files.ts'
import type { ApiTokens } from '../trust/api-tokens.ts'
import type { Assembly } from './assembly.ts'
import { createNodeJwtIssuers } from './gateway-jwt.ts'
import type { NodeConfig } from './config/schema.ts'

type GatewayConfig = NodeConfig['gateway']

export function createNodeCallers(
  { components, init, wire, work }: Pick<Assembly, 'components' | 'init' | 'wire' | 'work'>,
  {
    tokens,
    sessions
  }: {
    readonly tokens: Pick<ApiTokens, 'verify' | 'ended'>
    readonly sessions: Pick<DashboardSessions, 'verify'>
  }
): Callers {
  const { clock } = components
  const { gateway } = init.config
  const { host, url, allowedHosts, allowedOrigins, open, tls } = gateway
  const named = url === undefined ? [] : [new URL(url).hostname]
  const guard = createHostGuard({
    hosts: [...(isWildcard(host) ? [] : [host]), ...named, ...allowedHosts],
    origins: allowedOrigins,
    isExposed: !isLoopback(host)
  })
  const authenticators: Authenticator[] = [
    createDashboardAuthenticator(sessions),
    createTokenAuthenticator(tokens)
  ]
  if (Object.keys(gateway.jwt).length > 0) {
    const logger = components.logger.child('gateway')
    authenticators.push(createJwtAuthenticator(createNodeJwtIssuers({ clock, logger }, gateway)))
  }
  if (tls.clientCa !== undefined) {
    authenticators.push(createCertificateAuthenticator({ clock }, certificateRights(gateway)))
  }
  if (open) authenticators.push(openAuthenticator)
  const failures = createFailedAttempts({ clock })
  const { audit } = wire.authority
  const quotas = createHttpQuotas({ clock, ...work })
  const { tenants } = work
  return createCallers({ guard, authenticators, failures, audit, quotas, tenants })
}

function certificateRights({ tls, roles }: GatewayConfig): ReadonlyMap<string, CertificateRight> {
  return new Map(
    Object.entries(tls.certificates).map(([selector, { role, scopes, tenant }]) => {
      const ofRole = role === undefined ? [] : (roles[role] ?? [])
      const all = [...new Set([...ofRole, ...scopes])]
      return [selector, { scopes: all, ...(tenant !== undefined && { tenant }) }]
    })
  )
}

/** What createNodeCallers asks for, in its order. */
export function waysIn({ jwt, tls, open }: GatewayConfig): readonly WayIn[] {
  return [
    'token',
    ...(Object.keys(jwt).length > 0 ? (['jwt'] as const) : []),
    ...(tls.clientCa === undefined ? [] : (['certificate'] as const)),
    ...(open ? (['open'] as const) : [])
  ]
}

/** Behind those that nodes listen on for each other. */
const USUAL_PORT = 5869

export function serverInitOf({ host, port, url, tls }: GatewayConfig): HttpServerInit {
  const files = tlsInitOf(tls)
  return {
    host,
    // Whoever names a port wants that one; the usual one gives way to a free one.
    ports: port === undefined ? [USUAL_PORT, 0] : [port],
    ...(url !== undefined && { url }),
    ...(files !== undefined && { tls: files })
  }
}

function tlsInitOf({
  cert,
  key = cert,
  clientCa,
  clients
}: GatewayConfig['tls']): TlsInit | undefined {
  if (cert === undefined || key === undefined) return undefined
  return { cert, key, clients, ...(clientCa !== undefined && { clientCa }) }
}
