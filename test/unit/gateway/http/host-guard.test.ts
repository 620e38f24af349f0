/** Which names and pages the doors over HTTP know: what a browser is led to by a stranger ends here. */
import { expect, test } from 'vitest'
import { createHostGuard } from '../../../../gateway/http/host-guard.ts'

const LOCAL = createHostGuard({ hosts: [], origins: [], isExposed: false })
const EXPOSED = createHostGuard({
  hosts: ['Lumos.example'],
  origins: ['https://app.example'],
  isExposed: true
})

test.for([
  ['loopback by address', LOCAL, { host: '127.0.0.1:5869' }],
  ['loopback by name', LOCAL, { host: 'localhost:5869' }],
  ['loopback of IPv6', LOCAL, { host: '[::1]:5869' }],
  ['a page of this machine', LOCAL, { host: 'localhost:1', origin: 'http://localhost:3000' }],
  ['its name', EXPOSED, { host: 'lumos.example' }],
  ['its name and port', EXPOSED, { host: 'LUMOS.example:8443' }],
  ['any address, which no rebinding has', EXPOSED, { host: '192.0.2.7:5869' }],
  ['an address of IPv6', EXPOSED, { host: '[2001:db8::7]:5869' }],
  ['its own page', EXPOSED, { host: 'lumos.example', origin: 'https://lumos.example' }],
  ['its own page by address', EXPOSED, { host: '192.0.2.7:80', origin: 'http://192.0.2.7' }]
] as const)('%s comes in', ([, guard, headers]) => {
  expect(guard.check(headers)).toBeUndefined()
})

test('a listed page comes in and is told so', () => {
  const headers = { host: 'lumos.example', origin: 'https://app.example' }
  expect(EXPOSED.check(headers)).toBe('https://app.example')
})

test.for([
  ['no name', LOCAL, {}],
  ['another name', LOCAL, { host: 'evil.example' }],
  ['an address of the network', LOCAL, { host: '192.0.2.7' }],
  ['a name that begins like loopback', LOCAL, { host: '127.0.0.1.evil.example' }],
  ['a name that ends like loopback', LOCAL, { host: 'evil-localhost' }],
  ['a user before the name', LOCAL, { host: 'localhost@evil.example' }],
  ['a name behind a user', LOCAL, { host: 'evil.example@localhost' }],
  ['a path behind the name', LOCAL, { host: 'localhost/evil.example' }],
  ['a name below its name', EXPOSED, { host: 'evil.lumos.example' }],
  ['a name above its name', EXPOSED, { host: 'example' }]
] as const)('%s is refused', ([, guard, headers]) => {
  expect(() => guard.check(headers)).toThrow(expect.objectContaining({ code: 'HOST_REFUSED' }))
})

test.for([
  ['another site', LOCAL, 'https://evil.example'],
  ['a sandbox', LOCAL, 'null'],
  ['nonsense', LOCAL, 'localhost'],
  ['an extension', LOCAL, 'chrome-extension://localhost'],
  ['a listed site without TLS', EXPOSED, 'http://app.example'],
  ['a listed site at another port', EXPOSED, 'https://app.example:444'],
  ['a listed site with a tail', EXPOSED, 'https://app.example/'],
  ['a site below a listed one', EXPOSED, 'https://evil.app.example'],
  ['its own name at another port', EXPOSED, 'https://lumos.example:444'],
  ['a page of the visitor’s machine', EXPOSED, 'http://localhost:3000']
] as const)('a page of %s is refused', ([, guard, origin]) => {
  const host = guard === LOCAL ? 'localhost' : 'lumos.example'
  expect(() => guard.check({ host, origin })).toThrow(
    expect.objectContaining({ code: 'ORIGIN_REFUSED' })
  )
})
