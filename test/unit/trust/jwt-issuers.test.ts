/** JWTs at the edge: who is let in, for how long, and what an issuer is asked for it. */
import { exportSPKI } from 'jose'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createJwtIssuers, JWT_ALGORITHMS } from '../../../trust/jwt/jwt-issuers.ts'
import type { JwtIssuerInit } from '../../../trust/jwt/jwt-issuers.ts'
import { createKeySet } from '../../../trust/jwt/key-set.ts'
import { TestIssuer } from '../../support/jwt-issuer.ts'
import type { TokenInit } from '../../support/jwt-issuer.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const NOW = 1_800_000_000
const TOLERANCE = 5000
/** Of a token that says nothing else. */
const EXPIRES_AT = (NOW + 3600) * 1000 + TOLERANCE

async function setup(rules: Partial<JwtIssuerInit> = {}) {
  const issuer = await TestIssuer.create()
  const clock = new ManualClock()
  clock.jump(NOW * 1000)
  let fetches = 0
  let isDown = false
  const load = async () => {
    fetches += 1
    if (isDown) throw new Error('the issuer is down')
    return issuer.keys()
  }
  const verifier = createJwtIssuers({ clock }, [
    {
      issuer: issuer.issuer,
      audience: ['lumos', 'other'],
      algorithms: JWT_ALGORITHMS,
      clockTolerance: TOLERANCE,
      scopeClaim: 'scope',
      rolesClaim: 'realm_access.roles',
      roles: new Map([['operator', ['control/read', 'task/send'] as const]]),
      scopes: [],
      keys: createKeySet({ clock, logger: silentLogger, load }),
      ...rules
    }
  ])
  return {
    issuer,
    clock,
    verify: async (init?: TokenInit) => verifier.verify(await issuer.token(NOW, init)),
    verifyText: (token: string) => verifier.verify(token),
    fetches: () => fetches,
    setDown: (down: boolean) => {
      isDown = down
    }
  }
}

const refused = (reason: string) => ({ code: 'JWT_REFUSED', details: { reason } })

test('a token is its subject’s at its issuer, with what its claims let do', async () => {
  const { verify } = await setup()
  const claims = { scope: 'openid memory/read', realm_access: { roles: ['operator', 'boss'] } }
  expect(await verify({ claims })).toEqual({
    name: 'issuer.example/realms/acme/ada',
    scopes: ['task/send', 'memory/read', 'control/read'],
    expiresAt: EXPIRES_AT
  })
  expect(await verify({ claims: { sub: 'a/b c' } })).toEqual({
    name: 'issuer.example/realms/acme/a%2Fb%20c',
    scopes: [],
    expiresAt: EXPIRES_AT
  })
})

test('scopes may be a list, and the issuer may have some for all', async () => {
  const { verify } = await setup({ scopeClaim: 'scp', scopes: ['task/send'] })
  const { scopes } = await verify({ claims: { scp: ['memory/write', 7] } })
  expect(scopes).toEqual(['task/send', 'memory/write'])
})

test.for([
  ['a claim whose name is a URL', 'https://acme.example/tenant'],
  ['a claim in a claim', 'org.name']
] as const)('the tenant is in %s', async ([, tenantClaim]) => {
  const { verify } = await setup({ tenantClaim })
  const claims = { 'https://acme.example/tenant': 'acme', org: { name: 'acme' } }
  expect(await verify({ claims })).toMatchObject({ tenant: 'acme' })
  for (const wrong of [{}, { org: {} }, { [tenantClaim]: 'a/b' }, { [tenantClaim]: ['acme'] }]) {
    await expect(verify({ claims: wrong })).rejects.toMatchObject(refused('tenant'))
  }
})

test.for<readonly [string, object, string]>([
  ['expired', { exp: NOW - 5 }, 'expired'],
  ['not valid yet', { nbf: NOW + 6 }, 'not valid yet'],
  ['without end', { exp: undefined }, 'no end'],
  ['of another audience', { aud: 'others' }, 'audience'],
  ['without audience', { aud: undefined }, 'audience'],
  ['of another issuer', { iss: 'https://evil.example' }, 'issuer'],
  ['of almost the issuer', { iss: 'https://issuer.example/realms/acme/' }, 'issuer'],
  ['without issuer', { iss: undefined }, 'issuer'],
  ['without subject', { sub: undefined }, 'subject'],
  ['with an empty subject', { sub: '' }, 'subject'],
  ['with an endless subject', { sub: 'x'.repeat(256) }, 'subject'],
  ['bound to a key', { cnf: { jkt: 'x' } }, 'bound to a key'],
  ['with an end that is no number', { exp: 'never' }, 'no end']
])('a token %s is refused', async ([, claims, reason]) => {
  const { verify } = await setup()
  await expect(verify({ claims: { ...claims } })).rejects.toMatchObject(refused(reason))
})

test('clocks may differ by the tolerance', async () => {
  const { verify } = await setup()
  await expect(verify({ claims: { exp: NOW - 4, nbf: NOW + 5 } })).resolves.toBeDefined()
})

test.for(['logout+jwt', 'dpop+jwt', 'x'])('a token of the kind %s gives no access', async (typ) => {
  const { verify } = await setup()
  await expect(verify({ header: { typ } })).rejects.toMatchObject(refused('type'))
  await expect(verify({ header: { typ: 'at+JWT' } })).resolves.toBeDefined()
})

test('a token without signature, by whatever name, is refused', async () => {
  const { issuer, verifyText } = await setup()
  const [, payload] = (await issuer.token(NOW)).split('.')
  for (const alg of ['none', 'None', 'NONE', '']) {
    const header = Buffer.from(JSON.stringify({ alg, kid: issuer.kid })).toString('base64url')
    await expect(verifyText(`${header}.${payload}.`)).rejects.toMatchObject({ code: 'JWT_REFUSED' })
  }
})

test('the public key is no secret to sign with', async () => {
  const { issuer, verify } = await setup()
  const published = JSON.stringify((await issuer.keys()).keys[0])
  for (const secret of [await exportSPKI(issuer.publicKey()), published]) {
    const key = new TextEncoder().encode(secret)
    const header = { alg: 'HS256' }
    await expect(verify({ key, header })).rejects.toMatchObject(refused('algorithm'))
  }
})

test('an algorithm that the issuer does not use is refused', async () => {
  const { verify } = await setup({ algorithms: ['RS256'] })
  await expect(verify()).rejects.toMatchObject(refused('algorithm'))
})

test('a token of a stranger with the name of a known key is refused', async () => {
  const { issuer, verifyText } = await setup()
  const stranger = await TestIssuer.create()
  const token = await stranger.token(NOW, { header: { kid: issuer.kid } })
  await expect(verifyText(token)).rejects.toMatchObject(refused('signature'))
  const [header, payload, signature] = (await issuer.token(NOW)).split('.')
  const changed = Buffer.from(payload ?? '', 'base64url')
    .toString()
    .replace('ada', 'bob')
  const forged = `${header}.${Buffer.from(changed).toString('base64url')}.${signature}`
  await expect(verifyText(forged)).rejects.toMatchObject(refused('signature'))
})

test.for(['a.b.c', '..', 'e30.e30.', 'e30.bnVsbA.x'])('%s is no token', async (text) => {
  const { verifyText, fetches } = await setup()
  await expect(verifyText(text)).rejects.toMatchObject({ code: 'JWT_REFUSED' })
  expect(fetches()).toBe(0)
})

test('a token that is too large is not even looked at', async () => {
  const { verify, fetches } = await setup()
  const claims = { more: 'x'.repeat(LIMITS.jwtBytes.value) }
  await expect(verify({ claims })).rejects.toMatchObject(refused('too large'))
  expect(fetches()).toBe(0)
})

test('a known token is good until it ends, and no longer', async () => {
  const { issuer, clock, verifyText } = await setup()
  const token = await issuer.token(NOW, { claims: { exp: NOW + 60 } })
  await verifyText(token)
  clock.jump(60_000 + TOLERANCE - 1)
  await expect(verifyText(token)).resolves.toBeDefined()
  clock.jump(1)
  await expect(verifyText(token)).rejects.toMatchObject(refused('expired'))
})

test('a token outlives the key that has signed it only for the time that both are known', async () => {
  const { issuer, clock, verifyText } = await setup()
  const token = await issuer.token(NOW)
  await verifyText(token)
  await issuer.rotate()
  clock.jump(LIMITS.jwksAge.value)
  // The first one after that has the keys fetched, behind its back.
  await verifyText(token)
  await clock.advance(LIMITS.jwtCacheAge.value)
  await expect(verifyText(token)).rejects.toMatchObject(refused('unknown key'))
})

test('a key that was withdrawn while nobody came lets nobody in; one of an issuer that is down does', async () => {
  const { issuer, clock, verify, verifyText, setDown } = await setup()
  await verify()
  const [first, second] = await Promise.all(
    ['bo', 'cy'].map((sub) => issuer.token(NOW, { claims: { sub, exp: NOW + 86_400 } }))
  )
  await issuer.rotate()
  clock.jump(3 * LIMITS.jwksAge.value)
  setDown(true)
  await expect(verifyText(first ?? '')).resolves.toBeDefined()
  setDown(false)
  clock.jump(LIMITS.jwksCooldown.value)
  await expect(verifyText(second ?? '')).rejects.toMatchObject(refused('unknown key'))
})

test('a new key is fetched when the first token names it', async () => {
  const { issuer, clock, verify, fetches } = await setup()
  await verify()
  await issuer.rotate()
  await expect(verify()).rejects.toMatchObject(refused('unknown key'))
  clock.jump(LIMITS.jwksCooldown.value)
  await expect(verify()).resolves.toBeDefined()
  expect(fetches()).toBe(2)
})

test('a flood of made-up keys does not reach the issuer', async () => {
  const { clock, verify, fetches } = await setup()
  clock.jump(LIMITS.jwksCooldown.value)
  const flood = Array.from({ length: 50 }, (_, index) =>
    verify({ header: { kid: `made-up-${index}` } }).catch((error: unknown) => error)
  )
  for (const failure of await Promise.all(flood)) {
    expect(failure).toMatchObject(refused('unknown key'))
  }
  expect(fetches()).toBe(1)
})

test('an issuer that is down stops nobody whose keys are known, for a day', async () => {
  const { clock, verify, setDown } = await setup()
  await verify()
  setDown(true)
  clock.jump(LIMITS.jwksStale.value - 1)
  const claims = { exp: NOW + 200_000 }
  await expect(verify({ claims })).resolves.toBeDefined()
  clock.jump(LIMITS.jwksCooldown.value)
  const later = { exp: NOW + 200_001 }
  await expect(verify({ claims: later })).rejects.toMatchObject({ code: 'JWT_KEYS_UNAVAILABLE' })
  setDown(false)
  clock.jump(LIMITS.jwksCooldown.value)
  await expect(verify({ claims: later })).resolves.toBeDefined()
})
