/** The way to the keys of an issuer: by its discovery document, a URL or a file, within bounds, to no place but its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { nodeConfigSchema } from '../../../node/config/schema.ts'
import { createNodeJwtIssuers } from '../../../node/gateway-jwt.ts'
import { TestIssuer } from '../../support/jwt-issuer.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { PATIENCE } from '../../support/patience.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const NOW = 1_800_000_000

async function setup(more: (issuer: TestIssuer) => object = () => ({})) {
  const issuer = await TestIssuer.create()
  await issuer.listen()
  onTestFinished(() => issuer.close())
  const clock = new ManualClock()
  clock.jump(NOW * 1000)
  const { gateway } = nodeConfigSchema.parse({
    gateway: {
      roles: { reader: ['memory/read'] },
      jwt: { acme: { issuer: issuer.issuer, audience: 'lumos', ...more(issuer) } }
    }
  })
  const issuers = createNodeJwtIssuers({ clock, logger: silentLogger }, gateway)
  const verify = async (claims = {}) => issuers.verify(await issuer.token(NOW, { claims }))
  return { issuer, clock, verify }
}

test('keys are found by the discovery document, and roles mean what the node says', async () => {
  const { issuer, verify } = await setup()
  const { host } = new URL(issuer.issuer)
  const claims = { roles: ['reader'] }
  const holder = { name: `${host}/ada`, scopes: ['memory/read'] }
  expect(await verify(claims)).toEqual({ ...holder, expiresAt: expect.any(Number) })
  expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys'])
})

test('roles of an issuer can mean something else', async () => {
  const { verify } = await setup(() => ({ roles: { reader: ['task/send'] }, tenant: 'acme' }))
  const holder = await verify({ roles: ['reader'] })
  expect(holder).toMatchObject({ scopes: ['task/send'], tenant: 'acme' })
})

test('with the URL of the keys nothing else is asked for', async () => {
  const { issuer, verify } = await setup((one) => ({ jwksUri: `${one.issuer}/keys` }))
  await verify()
  expect(issuer.asked).toEqual(['/keys'])
})

test('with a file nobody is asked', async () => {
  const jwksFile = join(await temporaryDirectory(), 'keys.json')
  const { issuer, verify } = await setup(() => ({ jwksFile }))
  await writeFile(jwksFile, JSON.stringify(await issuer.keys()))
  await verify()
  expect(issuer.asked).toEqual([])
})

const DISCOVERY = '/.well-known/openid-configuration'

test.for<readonly [string, string, (issuer: TestIssuer, keys: string) => string]>([
  ['is no JSON', DISCOVERY, () => '<html>'],
  ['has no keys', '/keys', () => '{}'],
  ['is endless', '/keys', (_, keys) => `${' '.repeat(LIMITS.jwksBytes.value)}${keys}`],
  ['is of another issuer', DISCOVERY, (one) => discovery(one, { issuer: `${one.issuer}/` })],
  [
    'leads to another host of the network',
    DISCOVERY,
    // Which it would find, and which would tell the right keys.
    (one) => discovery(one, { jwks_uri: `${one.issuer.replace('127.0.0.1', 'localhost')}/keys` })
  ],
  ['leads to a file', DISCOVERY, (one) => discovery(one, { jwks_uri: 'file:///etc/passwd' })],
  ['leads nowhere', DISCOVERY, (one) => discovery(one, { jwks_uri: undefined })]
])('an issuer whose answer %s vouches for nobody', async ([, place, answer]) => {
  const { issuer, verify } = await setup()
  const keys = JSON.stringify(await issuer.keys())
  issuer.answer = (path) => {
    if (path === place) return answer(issuer, keys)
    return path === DISCOVERY ? discovery(issuer) : keys
  }
  await expect(verify()).rejects.toMatchObject({ code: 'JWT_KEYS_UNAVAILABLE' })
})

function discovery({ issuer }: TestIssuer, more: object = {}): string {
  return JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, ...more })
}

test('an issuer that does not answer is waited for so long, by all together', async () => {
  const { issuer, clock, verify } = await setup()
  issuer.answer = () => new Promise(() => undefined)
  const all = Promise.allSettled([verify(), verify({ sub: 'bob' })])
  await vi.waitFor(() => expect(issuer.asked).toHaveLength(1), PATIENCE)
  await clock.advance(LIMITS.jwksFetch.value)
  for (const one of await all) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'JWT_KEYS_UNAVAILABLE' } })
  }
  expect(issuer.asked).toHaveLength(1)
})
