/** What may be configured about the doors over HTTP: nothing that lets strangers in by accident. */
import { expect, test } from 'vitest'
import { nodeConfigSchema } from '../../../../node/config/schema.ts'

const TLS = { cert: '/cert.pem', key: '/key.pem' }

function problems(gateway: object): string[] {
  const { error } = nodeConfigSchema.safeParse({ gateway })
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test.for([
  ['nothing', {}],
  ['loopback of IPv6', { host: '::1', open: true }],
  ['another address with TLS', { host: '0.0.0.0', tls: TLS }],
  ['a certificate and its key in one file', { tls: { cert: '/both.pem' } }],
  ['another address behind a proxy', { host: '::', plaintext: true }],
  ['a public name', { url: 'https://lumos.example/swarm', allowedOrigins: ['https://a.example'] }],
  [
    'certificates with a role',
    {
      roles: { worker: ['task/send'] },
      tls: { ...TLS, clientCa: '/ca.pem', certificates: { 'dns:a.example': { role: 'worker' } } }
    }
  ]
] as const)('%s is right', ([, gateway]) => {
  expect(problems(gateway)).toEqual([])
})

test.for([
  ['another address in plain text', { host: '0.0.0.0' }, 'gateway.host: other machines'],
  ['a name that may be any address', { host: 'lumos.example' }, 'gateway.host: other machines'],
  ['an open door to others', { host: '0.0.0.0', tls: TLS, open: true }, 'gateway.open: would'],
  ['an open door behind a proxy', { host: '::', plaintext: true, open: true }, 'gateway.open: '],
  ['a key without certificate', { tls: { key: '/key.pem' } }, 'gateway.tls.key: needs'],
  ['authorities without TLS', { tls: { clientCa: '/ca.pem' } }, 'gateway.tls.clientCa: needs'],
  ['clients without authority', { tls: { ...TLS, clients: 'required' } }, 'gateway.tls: cert'],
  [
    'a role that nobody made',
    { tls: { ...TLS, clientCa: '/ca', certificates: { 'cn:a': { role: 'boss' } } } },
    'gateway.tls.certificates.cn:a: there is no role boss'
  ],
  [
    'a certificate by half a fingerprint',
    { tls: { ...TLS, clientCa: '/ca', certificates: { 'sha256:abc': {} } } },
    'must be sha256:'
  ],
  ['a scope that is none', { roles: { boss: ['everything'] } }, 'gateway.roles.boss.0: '],
  ['any origin', { allowedOrigins: ['*'] }, 'gateway.allowedOrigins.0: must be like'],
  ['an origin with a path', { allowedOrigins: ['https://a.example/'] }, 'must be like'],
  ['a host with a port', { allowedHosts: ['a.example:80'] }, 'without port'],
  ['a URL with a query', { url: 'https://a.example?x' }, 'gateway.url: must be like']
] as const)('%s is refused with its place', ([, gateway, problem]) => {
  expect(problems(gateway)).toEqual([expect.stringContaining(problem)])
})
