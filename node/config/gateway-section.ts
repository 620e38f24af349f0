/** What can be configured about the doors over HTTP: where they are, and who may come in. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { API_SCOPES } from '../../core/grant-words.ts'
import { tenantName } from '../../gateway/control/schema/auth.ts'
import { CERTIFICATE_SELECTOR } from '../../gateway/http/client-certificates.ts'
import { isLoopback, LOOPBACK } from '../../gateway/http/loopback.ts'
import { isLabel } from '../../trust/node-name.ts'
import { quotas, tenants } from './tenants-section.ts'
import { jwt } from './jwt-section.ts'

/** Keys whose values are paths, see `PATH_KEYS`. */
export const GATEWAY_PATHS = [
  'gateway.tls.cert',
  'gateway.tls.key',
  'gateway.tls.clientCa'
] as const

const path = z.string().min(1).exactOptional()
const hostname = z.string().refine(isHostname, 'must be a host name or an address, without port')
const scopes = z.array(z.enum(API_SCOPES)).max(API_SCOPES.length)
const role = z
  .string()
  .refine(isLabel, 'must be 1 to 63 lower case letters, digits and inner dashes')

const tls = z.strictObject({
  cert: path.describe(
    'File with the certificate of the doors and its chain, in PEM. With it they speak HTTPS; read again when it changes.'
  ),
  key: path.describe(
    'File with the key of the certificate, in PEM, without passphrase. Without it: that of the certificate.'
  ),
  clientCa: path.describe(
    'File with the authorities, in PEM, whose certificates clients may show (mTLS).'
  ),
  clients: z
    .enum(['optional', 'required'])
    .default('optional')
    .describe('Whether a client without such a certificate gets a connection.'),
  certificates: z
    .record(
      z.string(),
      z.strictObject({
        role: role.exactOptional(),
        scopes: scopes.default([]),
        tenant: tenantName.exactOptional()
      })
    )
    .default({})
    .describe(
      'What holders of certificates may, by `sha256:` fingerprint or by a name in it (`dns:`, `uri:`, `email:`, `cn:`): `role`, `scopes`, `tenant`.'
    )
})

export const gateway = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Answer HTTP on this machine: A2A for every agent of the swarm, see docs/http.md.'),
    host: hostname
      .default(LOOPBACK)
      .describe(
        'Address to listen on; `0.0.0.0` and `::` are all. Others than loopback need `gateway.tls` or `gateway.plaintext`.'
      ),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .exactOptional()
      .describe(
        'Port of HTTP; 0 is any free one. Without it 5869, or a free one if that is taken.'
      ),
    url: z
      .string()
      .refine(isBase, 'must be like https://lumos.example.org, without query and last slash')
      .exactOptional()
      .describe('Where clients reach the doors, as cards tell it: behind a proxy, or by a name.'),
    plaintext: z
      .boolean()
      .default(false)
      .describe(
        'Speak plain HTTP to other machines: tokens can be read on the way. For a proxy that ends TLS.'
      ),
    allowedHosts: z
      .array(hostname)
      .max(256)
      .default([])
      .describe('Host names of this node, besides that of `gateway.url`: others are refused.'),
    allowedOrigins: z
      .array(z.string().refine(isOrigin, 'must be like https://app.example.org, exactly'))
      .max(256)
      .default([])
      .describe('Origins of web pages that may come in (CORS).'),
    open: z
      .boolean()
      .default(false)
      .describe(
        'Let every program on this machine in without a token. Its users can be others, too.'
      ),
    roles: z
      .record(role, scopes.min(1))
      .default({})
      .describe(
        'Names for sets of scopes, for tokens, certificates and JWTs: `operator: [task/send, control/read]`.'
      ),
    jwt,
    tls: tls.prefault({}),
    quotas: quotas.prefault({}),
    tenants
  })
  .check(({ value, issues }) => {
    for (const [keys, message] of contradictions(value)) {
      issues.push({ code: 'custom', input: value, path: [...keys], message })
    }
  })

interface Exposure {
  readonly host: string
  readonly plaintext: boolean
  readonly open: boolean
  readonly roles: Readonly<Record<string, unknown>>
  readonly tls: {
    readonly cert?: string
    readonly key?: string
    readonly clientCa?: string
    readonly clients: string
    readonly certificates: Readonly<Record<string, { readonly role?: string }>>
  }
}

/** What is right by itself and wrong together: places and what is wrong there. */
function contradictions({
  host,
  plaintext,
  open,
  roles,
  tls: { cert, key, clientCa, clients, certificates }
}: Exposure): [path: readonly string[], message: string][] {
  const found: [readonly string[], string][] = []
  const isExposed = !isLoopback(host)
  if (cert === undefined) {
    const names = Object.entries({ key, clientCa }).filter(([, file]) => file !== undefined)
    for (const [name] of names) found.push([['tls', name], 'needs gateway.tls.cert'])
  }
  if (clientCa === undefined && (clients === 'required' || Object.keys(certificates).length > 0)) {
    found.push([['tls'], 'certificates of clients need clientCa'])
  }
  if (isExposed && cert === undefined && !plaintext) {
    const advice = 'set gateway.tls.cert first, or gateway.plaintext behind a proxy'
    found.push([['host'], `other machines would send their tokens in plain text: ${advice}`])
  }
  if (isExposed && open) {
    found.push([['open'], `would let in every machine that reaches ${host}: use tokens there`])
  }
  for (const [selector, { role: name }] of Object.entries(certificates)) {
    if (!CERTIFICATE_SELECTOR.test(selector)) {
      const message = 'must be sha256:…, dns:…, uri:…, email:… or cn:…'
      found.push([['tls', 'certificates', selector], message])
    }
    if (name === undefined || Object.hasOwn(roles, name)) continue
    found.push([['tls', 'certificates', selector], `there is no role ${name} in gateway.roles`])
  }
  return found
}

function isHostname(text: string): boolean {
  return isIP(text) !== 0 || /^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?$/i.test(text)
}

function isBase(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '') return false
  return `${url.origin}${url.pathname === '/' ? '' : url.pathname}` === text && !text.endsWith('/')
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.parse(text)?.origin === text
}
