/** What a grant lets its holder do, and what makes one worthless. */
import * as fc from 'fast-check'
import { SignJWT } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { Identity } from '../../../../trust/identity.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { coversSkill } from '../../../../trust/grants/attenuation.ts'
import { claimsPayload } from '../../../../trust/grants/claims.ts'
import type { GrantLimits } from '../../../../core/grant-words.ts'
import { GRANT_TYPE } from '../../../../trust/grants/issue.ts'
import { CHAIN_LENGTH, verifyGrant } from '../../../../trust/grants/verify.ts'
import type { GrantCheck } from '../../../../trust/grants/verify.ts'
import { signingKeyOf } from '../../../../trust/signing-key.ts'
import { createNotificationSigner } from '../../../../trust/notification-signature.ts'
import { grantOf, HOUR, SWARM } from '../../../support/grants.ts'
import { testIdentity } from '../../../support/identity.ts'

let peers: readonly Identity[]

beforeAll(async () => {
  peers = await Promise.all([1, 2, 3, 4, 5, 6].map(testIdentity))
})

function peer(index: number): Identity {
  const identity = peers[index]
  if (identity === undefined) throw new TypeError('there are six peers')
  return identity
}

/** As peer 0, the owner, would be let give; presented by the peer of that number. */
function check(presenter: number, init: Partial<GrantCheck> = {}): GrantCheck {
  return {
    presenter: peer(presenter).peer,
    now: 0,
    isRoot: ({ issuer }) => issuer === peer(0).peer,
    isRevoked: () => false,
    ...init
  }
}

function refusal(reason: string | RegExp) {
  return { code: 'GRANT_INVALID', details: { reason: expect.stringMatching(reason) } }
}

test('a grant lets its audience do what it says until it expires', async () => {
  const { token, claims } = await grantOf(peer(0), peer(1), { limits: { rate: 6 } })
  const granted = await verifyGrant(token, check(1))
  expect(granted).toEqual({
    id: claims.id,
    links: [{ id: claims.id, issuer: peer(0).peer, issuedAt: 0, limits: { rate: 6 } }],
    holder: peer(1).peer,
    with: SWARM,
    can: ['task/send'],
    limits: { rate: 6 },
    expiresAt: HOUR
  })
  const leeway = LIMITS.clockLeeway.value
  await expect(verifyGrant(token, check(1, { now: HOUR + leeway }))).rejects.toMatchObject({
    code: 'GRANT_EXPIRED'
  })
})

test('a stolen grant is worth nothing', async () => {
  const { token } = await grantOf(peer(0), peer(1))
  await expect(verifyGrant(token, check(2))).rejects.toMatchObject(refusal('another peer'))
})

test('nobody grants what is not theirs', async () => {
  const { token } = await grantOf(peer(3), peer(1))
  await expect(verifyGrant(token, check(1))).rejects.toMatchObject(refusal('nothing of that'))
})

test('what is passed on keeps every bound of what it rests on', async () => {
  const root = await grantOf(peer(0), peer(1), { limits: { skills: ['translate.*'], depth: 2 } })
  const { token } = await grantOf(peer(1), peer(2), {
    proof: root.token,
    limits: { skills: ['translate.de'], rate: 10 },
    lifetimeMs: HOUR / 2
  })
  expect(await verifyGrant(token, check(2))).toMatchObject({
    links: [
      expect.objectContaining({ issuer: peer(0).peer }),
      expect.objectContaining({ issuer: peer(1).peer })
    ],
    limits: { skills: ['translate.de'], rate: 10, depth: 2 },
    expiresAt: HOUR / 2
  })
})

test.each<[string, Parameters<typeof grantOf>[2]]>([
  ['with', { with: `swarm:${'cd'.repeat(16)}` }],
  ['can', { can: ['task/send', 'agent/offer'] }],
  ['exp', { lifetimeMs: 2 * HOUR }],
  ['rate', { limits: { rate: 11 } }],
  ['tokens', { limits: { tokens: 1001 } }],
  ['skills', { limits: { skills: ['translate.de', 'search'] } }]
])('a grant that is wider than what it rests on is refused: %s', async (what, wider) => {
  const limits: GrantLimits = { skills: ['translate.*'], rate: 10, tokens: 1000 }
  const root = await grantOf(peer(0), peer(1), { limits })
  const { token } = await grantOf(peer(1), peer(2), { ...wider, proof: root.token })
  await expect(verifyGrant(token, check(2))).rejects.toMatchObject(refusal(what))
})

test('only who holds a grant passes it on', async () => {
  const root = await grantOf(peer(0), peer(1))
  const { token } = await grantOf(peer(3), peer(2), { proof: root.token })
  await expect(verifyGrant(token, check(2))).rejects.toMatchObject(refusal('never had it'))
})

test('a chain has an end', async () => {
  let proof: string | undefined
  for (let at = 0; at < CHAIN_LENGTH; at++) {
    const init = proof === undefined ? {} : { proof }
    // oxlint-disable-next-line no-await-in-loop -- each rests on the one before
    proof = (await grantOf(peer(at), peer(at + 1), init)).token
  }
  await expect(verifyGrant(proof ?? '', check(CHAIN_LENGTH))).resolves.toBeDefined()
  const { token } = await grantOf(peer(4), peer(5), proof === undefined ? {} : { proof })
  await expect(verifyGrant(token, check(5))).rejects.toMatchObject(refusal('passed on'))
})

test('a link that was taken back ends what rests on it', async () => {
  const root = await grantOf(peer(0), peer(1))
  const { token } = await grantOf(peer(1), peer(2), { proof: root.token })
  const isRevoked: GrantCheck['isRevoked'] = ({ id }) => id === root.claims.id
  await expect(verifyGrant(token, check(2, { isRevoked }))).rejects.toMatchObject({
    code: 'GRANT_REVOKED',
    details: { grant: root.claims.id }
  })
})

test('what is not understood is refused: it might be a bound', async () => {
  const { claims } = await grantOf(peer(0), peer(1))
  const strange = [
    { ...claimsPayload(claims), onlyOnSundays: true },
    { ...claimsPayload(claims), can: ['task/send', 'task/think'] },
    { ...claimsPayload(claims), limits: { words: 3 } },
    { ...claimsPayload(claims), v: 2 },
    { ...claimsPayload(claims), exp: 2 ** 41 }
  ]
  for (const payload of strange) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other tells which
    const token = await signed(peer(0), payload, GRANT_TYPE)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await expect(verifyGrant(token, check(1))).rejects.toMatchObject(refusal('not understand'))
  }
})

test('a token of another kind by the same key is no grant', async () => {
  const { claims } = await grantOf(peer(0), peer(1))
  const other = await signed(peer(0), claimsPayload(claims), 'JWT')
  await expect(verifyGrant(other, check(1))).rejects.toMatchObject(refusal('another kind'))
  const notification = await createNotificationSigner(peer(0))({
    audience: 'https://example.test',
    taskId: 't',
    id: 'n',
    body: '',
    issuedAt: 0,
    expiresAt: HOUR
  })
  await expect(verifyGrant(notification, check(1))).rejects.toMatchObject(refusal('understand'))
})

test('a token whose text was changed is refused, wherever it was', async () => {
  const { token } = await grantOf(peer(0), peer(1))
  await fc.assert(
    fc.asyncProperty(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'b', '0', '9', '_', '-', '.', '='),
      async (at, letter) => {
        const changed = `${token.slice(0, at)}${letter}${token.slice(at + 1)}`
        fc.pre(changed !== token && !isSpareBit(token, at))
        await expect(verifyGrant(changed, check(1))).rejects.toMatchObject({
          code: 'GRANT_INVALID'
        })
      }
    )
  )
})

test('however grants are passed on, nobody ends up with more than every one of them allows', async () => {
  const amount = fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined })
  const limits = fc.record({ rate: amount, tokens: amount, depth: amount })
  await fc.assert(
    fc.asyncProperty(fc.array(limits, { minLength: 1, maxLength: CHAIN_LENGTH }), async (chain) => {
      let proof: string | undefined
      for (const [at, bounds] of chain.entries()) {
        const init = { limits: present(bounds), ...(proof !== undefined && { proof }) }
        // oxlint-disable-next-line no-await-in-loop -- each rests on the one before
        proof = (await grantOf(peer(at), peer(at + 1), init)).token
      }
      const granted = await verifyGrant(proof ?? '', check(chain.length)).catch(() => undefined)
      const { limits: left } = granted ?? { limits: leastOf(chain) }
      expect(left).toEqual(leastOf(chain))
    }),
    { numRuns: 60 }
  )
})

test.each([
  [undefined, 'search', true],
  [['search'], 'search', true],
  [['search'], 'search.web', false],
  [['search.*'], 'search.web', true],
  [['search.*'], 'search', true],
  [['search.*'], 'searching', false],
  [['search.web'], 'search.*', false],
  [['search.*'], 'search.web.*', true],
  [[], 'search', false]
])('of %j is %s granted: %s', (granted, skill, expected) => {
  expect(coversSkill(granted, skill)).toBe(expected)
})

function leastOf(chain: readonly Readonly<Record<string, number | undefined>>[]): GrantLimits {
  const bounds = chain.map(present)
  const names = new Set(bounds.flatMap((each) => Object.keys(each)))
  return Object.fromEntries(
    Array.from(names, (name) => [name, Math.min(...chain.map((each) => each[name] ?? Infinity))])
  )
}

function present(limits: Readonly<Record<string, number | undefined>>): GrantLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}

async function signed(identity: Identity, payload: object, typ: string): Promise<string> {
  return new SignJWT({ ...payload })
    .setProtectedHeader({ alg: 'EdDSA', typ })
    .sign(await signingKeyOf(identity))
}

/** The last digit of each part of a token has bits that mean nothing. */
function isSpareBit(token: string, at: number): boolean {
  return at === token.length - 1 || token[at + 1] === '.'
}
