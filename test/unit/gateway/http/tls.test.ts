/** HTTPS, and callers that show a certificate: what is renewed comes into force, what nobody vouches for does not. */
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import type { RequestOptions } from 'node:https'
import { connect } from 'node:tls'
import { afterEach, expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { openAuthenticator } from '../../../../gateway/http/authenticators.ts'
import { createCallers } from '../../../../gateway/http/callers.ts'
import { createCertificateAuthenticator } from '../../../../gateway/http/client-certificates.ts'
import type { CertificateRight } from '../../../../gateway/http/client-certificates.ts'
import { createFailedAttempts } from '../../../../gateway/http/failed-attempts.ts'
import { createHostGuard } from '../../../../gateway/http/host-guard.ts'
import { createHttpServer } from '../../../../gateway/http/http-server.ts'
import { sendJson } from '../../../../gateway/http/request.ts'
import { makeCertificate } from '../../../support/certificates.ts'
import type { TestCertificate } from '../../../support/certificates.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { writeTlsFiles } from '../../../support/tls-files.ts'

const AUTHORITY = makeCertificate({ name: 'authority' })
const LOCAL = { name: 'gateway', issuer: AUTHORITY, alternatives: [['DNS', 'localhost']] } as const
const SERVER = makeCertificate(LOCAL)

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Setup {
  readonly rights?: Readonly<Record<string, CertificateRight>>
  readonly clients?: 'optional' | 'required'
  readonly isOpen?: boolean
}

/** A server whose one door says who has come in. */
async function setup({ rights = {}, clients = 'optional', isOpen = true }: Setup = {}) {
  const paths = await writeTlsFiles(SERVER, AUTHORITY)
  const clock = new ManualClock()
  clock.jump(Date.parse('2026-06-01T00:00:00Z'))
  const callers = createCallers({
    guard: createHostGuard({ hosts: [], origins: ['https://app.example'], isExposed: false }),
    authenticators: [
      createCertificateAuthenticator({ clock }, new Map(Object.entries(rights))),
      ...(isOpen ? [openAuthenticator] : [])
    ],
    failures: createFailedAttempts({ clock }),
    audit: { note: () => undefined },
    quotas: { ask: () => {}, answer: () => () => {} },
    tenants: { knows: () => true, reaches: () => true }
  })
  const server = createHttpServer(
    {
      newRequestId: () => 'request-1',
      clock,
      logger: silentLogger,
      callers,
      doors: [
        async (asked) => {
          if (asked.path === '/wait') {
            await new Promise((resolve) => asked.signal.addEventListener('abort', resolve))
            asked.signal.throwIfAborted()
          }
          sendJson(asked, { ...asked.caller })
          return true
        }
      ]
    },
    { host: '127.0.0.1', ports: [0], tls: { ...paths, clients } }
  )
  await server.start()
  ends.push(() => server.stop())
  const url = new URL(server.url ?? '')
  return { paths, clock, url, ask: (options: RequestOptions = {}) => send(url, options) }
}

async function send(url: URL, options: RequestOptions) {
  return new Promise<{
    status: number
    headers: NodeJS.Dict<string | string[]>
    document: unknown
  }>((resolve, reject) => {
    const defaults = { ca: AUTHORITY.cert, servername: 'localhost', agent: false }
    const asked = request(url, { ...defaults, ...options }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => {
        const document: unknown = text === '' ? undefined : JSON.parse(text)
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, document })
      })
    })
    asked.on('error', reject).end()
  })
}

test('answers are encrypted, and say so to browsers', async () => {
  const { url, ask } = await setup()
  expect(url.protocol).toBe('https:')
  const { status, headers } = await ask()
  expect(status).toBe(200)
  expect(headers).toMatchObject({
    'strict-transport-security': 'max-age=31536000',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store'
  })
  expect(headers).not.toHaveProperty('server')
})

test('versions of TLS before 1.2 are not spoken', async () => {
  const { url } = await setup()
  const failed = new Promise((resolve) => {
    const socket = connect({
      port: Number(url.port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0'
    })
    socket.on('error', resolve)
    socket.on('secureConnect', () => resolve(socket.destroy()))
  })
  await expect(failed).resolves.toBeInstanceOf(Error)
})

test('a renewed certificate is in force for the next connection, a damaged one never is', async () => {
  const { paths, clock, url } = await setup()
  const fingerprint = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({
        port: Number(url.port),
        ca: AUTHORITY.cert,
        servername: 'localhost'
      })
      socket.on('error', reject)
      socket.on('secureConnect', () => {
        const { fingerprint256 } = socket.getPeerCertificate()
        socket.destroy()
        resolve(`sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`)
      })
    })
  const inForce = async (certificate: TestCertificate) => {
    await clock.advance(LIMITS.tlsReload.value)
    expect(await fingerprint()).toBe(certificate.fingerprint)
  }
  await inForce(SERVER)
  // The key is missing yet, as in the middle of a renewal.
  const renewed = makeCertificate(LOCAL)
  await writeFile(paths.cert, renewed.cert)
  await inForce(SERVER)
  await writeFile(paths.key, renewed.key)
  await vi.waitFor(() => inForce(renewed), PATIENCE)
  await writeFile(paths.cert, 'nothing')
  await inForce(renewed)
})

const RIGHT = { scopes: ['task/send'], tenant: 'acme' } as const

test.for([
  ['its fingerprint', 'sha256', ({ fingerprint }: TestCertificate) => fingerprint],
  ['a DNS name', 'dns:ci.example', () => 'dns:ci.example'],
  ['a URI', 'uri:spiffe://acme/ci', () => 'uri:spiffe://acme/ci'],
  ['a mail address', 'email:ci@acme.example', () => 'email:ci@acme.example'],
  ['its common name', 'cn:ci', () => 'cn:ci']
] as const)('a client is known by %s', async ([, , selectorOf]) => {
  const client = makeCertificate({
    name: 'ci',
    issuer: AUTHORITY,
    alternatives: [
      ['DNS', 'ci.example'],
      ['URI', 'spiffe://acme/ci'],
      ['email', 'ci@acme.example']
    ]
  })
  const selector = selectorOf(client)
  const { ask } = await setup({ rights: { [selector]: RIGHT } })
  const { document } = await ask({ cert: client.cert, key: client.key })
  expect(document).toEqual({
    who: `cert:${selector.replace('sha256:', '')}`,
    owner: 'tenant:acme',
    expiresAt: expect.any(Number),
    ...RIGHT
  })
})

test('a name with a comma in it is one name', async () => {
  const client = makeCertificate({
    name: 'mallory, CN=ci',
    issuer: AUTHORITY,
    alternatives: [['URI', 'spiffe://mallory, DNS:ci.example']]
  })
  const rights = { 'dns:ci.example': RIGHT, 'cn:ci': RIGHT }
  const { ask } = await setup({ rights, isOpen: false })
  expect((await ask({ cert: client.cert, key: client.key })).status).toBe(401)
})

test('a certificate that no right is for is as good as none', async () => {
  const client = makeCertificate({ name: 'other', issuer: AUTHORITY })
  const shown = { cert: client.cert, key: client.key }
  const open = await setup()
  expect((await open.ask(shown)).document).toMatchObject({ who: 'http:open' })
  const closed = await setup({ isOpen: false })
  expect((await closed.ask(shown)).status).toBe(401)
})

test('a certificate of another authority is refused, whatever name is in it', async () => {
  const foreign = makeCertificate({
    name: 'ci',
    issuer: makeCertificate({ name: 'authority' })
  })
  const { ask } = await setup({ rights: { 'cn:ci': RIGHT } })
  const { status, document } = await ask({ cert: foreign.cert, key: foreign.key })
  expect(status).toBe(401)
  expect(document).toMatchObject({
    error: { details: [{ reason: 'CERTIFICATE_REFUSED' }] }
  })
})

test('a certificate that expires lets nobody in any more, also over a connection begun before', async () => {
  const until = new Date('2040-01-01T00:00:00Z')
  const client = makeCertificate({ name: 'ci', issuer: AUTHORITY, until })
  const { ask, clock } = await setup({ rights: { 'cn:ci': RIGHT } })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  ends.push(async () => agent.destroy())
  const shown = { cert: client.cert, key: client.key, agent }
  expect((await ask(shown)).status).toBe(200)
  clock.jump(until.getTime() - clock.now())
  expect((await ask(shown)).status).toBe(401)
})

test('what is being answered when a certificate expires is answered no more', async () => {
  const until = new Date('2040-01-01T00:00:00Z')
  const { cert, key } = makeCertificate({ name: 'ci', issuer: AUTHORITY, until })
  const { ask, clock } = await setup({ rights: { 'cn:ci': RIGHT } })
  clock.jump(until.getTime() - clock.now() - 1000)
  const before = clock.pending
  const answer = ask({ cert, key, path: '/wait' })
  await vi.waitFor(() => expect(clock.pending).toBe(before + 1), PATIENCE)
  await clock.advance(1000)
  expect((await answer).status).toBe(401)
})

test('where certificates are required, nobody gets a connection without one', async () => {
  const client = makeCertificate({ name: 'ci', issuer: AUTHORITY })
  const { ask } = await setup({ clients: 'required' })
  // RFC 8446, section 6.2: certificate_required.
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
  expect((await ask({ cert: client.cert, key: client.key })).status).toBe(200)
})

test('a listed page is told what it may send and read, another one nothing', async () => {
  const { ask } = await setup({ isOpen: false })
  const preflight = (origin: string) =>
    ask({
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' }
    })
  const { status, headers } = await preflight('https://app.example')
  expect(status).toBe(204)
  expect(headers).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-headers': 'Authorization, *',
    vary: 'Origin'
  })
  expect(headers).not.toHaveProperty('access-control-allow-credentials')
  const refused = await ask({ headers: { origin: 'https://app.example' } })
  expect(refused.status).toBe(401)
  expect(refused.headers['access-control-allow-origin']).toBe('https://app.example')
  const foreign = await preflight('https://evil.example')
  expect(foreign.status).toBe(403)
  expect(foreign.headers).not.toHaveProperty('access-control-allow-origin')
})
