/** For whom a task is done: what a chain of signatures proves, and what is none. */
import * as fc from 'fast-check'
import { SignJWT } from 'jose'
import { beforeAll, expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import {
  createBehalfSigner,
  createSeenTokens,
  verifyBehalf
} from '../../../../trust/grants/behalf.ts'
import type { BehalfCheck, BehalfInit } from '../../../../trust/grants/behalf.ts'
import type { Identity } from '../../../../trust/identity.ts'
import { signingKeyOf } from '../../../../trust/signing-key.ts'
import { grantOf, HOUR, SWARM } from '../../../support/grants.ts'
import { testIdentity } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

const ROOT = 'ab'.repeat(16)
let peers: readonly Identity[]

beforeAll(async () => {
  peers = await Promise.all([1, 2, 3, 4, 5, 6].map(testIdentity))
})

function peer(index: number): Identity {
  const identity = peers[index]
  if (identity === undefined) throw new TypeError('there are six peers')
  return identity
}

/** The task that the peer of that number is asked for. */
function task(index: number): string {
  return `01890a5d-ac96-774b-bcce-b302099a80${index.toString().padStart(2, '0')}`
}

/** As the peer of that number signs for the next one. */
async function link(index: number, init: Partial<BehalfInit> = {}): Promise<string> {
  const parts = { clock: new ManualClock(), random: seededRandom(index) }
  const signed = await createBehalfSigner(
    parts,
    peer(index)
  )({
    audience: peer(index + 1).peer,
    task: task(index + 1),
    root: ROOT,
    with: SWARM,
    limits: { depth: 8 },
    expiresAt: HOUR,
    ...init
  })
  if (signed === undefined) throw new TypeError('the chain is too long')
  return signed
}

/** Peers 0 to `length` - 1 sign one after the other. */
async function chain(length: number, init: Partial<BehalfInit> = {}): Promise<string> {
  let token = await link(0, init)
  for (let at = 1; at < length; at += 1) token = await link(at, { ...init, proof: token })
  return token
}

/** As the peer of that number would be let do it. */
function check(index: number, init: Partial<BehalfCheck> = {}): BehalfCheck {
  return {
    self: peer(index).peer,
    task: task(index),
    root: ROOT,
    with: SWARM,
    askers: peers.slice(0, index).map((one) => one.peer),
    now: 0,
    isRevoked: () => false,
    ...init
  }
}

/** Signs what an honest node would not. */
async function forged(by: number, claims: object, typ = 'lumos-behalf+jwt'): Promise<string> {
  const payload = {
    v: 1,
    jti: '12'.repeat(16),
    iss: peer(by).peer,
    aud: peer(by + 1).peer,
    iat: 0,
    exp: HOUR / 1000,
    with: SWARM,
    can: ['task/send'],
    limits: {},
    task: task(by + 1),
    root: ROOT,
    ...claims
  }
  const header = { alg: 'EdDSA', typ }
  return new SignJWT(payload).setProtectedHeader(header).sign(await signingKeyOf(peer(by)))
}

function refusal(reason: string | RegExp) {
  return {
    code: 'BEHALF_INVALID',
    details: expect.objectContaining({ reason: expect.stringMatching(reason) })
  }
}

test.each([1, 2, 3, 4])('%i peers prove for whom they ask, down to the first', async (length) => {
  const token = await chain(length, { limits: { depth: 8, tokens: 100, money: 0.5 } })
  const depth = 9 - length
  expect(await verifyBehalf(token, check(length))).toEqual({ depth, tokens: 100, money: 0.5 })
})

test('nobody signs a link that nobody would believe', async () => {
  const parts = { clock: new ManualClock(), random: seededRandom(9) }
  const signed = createBehalfSigner(
    parts,
    peer(4)
  )({
    audience: peer(5).peer,
    task: task(5),
    root: ROOT,
    with: SWARM,
    limits: {},
    expiresAt: HOUR,
    proof: await chain(4)
  })
  expect(await signed).toBeUndefined()
})

test('who passes a task on gives no more than it was given, whatever it wants', async () => {
  const most = { depth: 2, tokens: 100, money: 0.5 }
  const first = await link(0, { limits: most })
  const generous = { limits: { depth: 8, tokens: 1e6 }, expiresAt: 9 * HOUR, proof: first }
  const second = await link(1, generous)
  expect(await verifyBehalf(second, check(2))).toEqual({ depth: 1, tokens: 100, money: 0.5 })
  const late = check(2, { now: HOUR + LIMITS.clockLeeway.value })
  await expect(verifyBehalf(second, late)).rejects.toMatchObject(refusal('expired'))
})

interface Wrong {
  readonly self?: number
  readonly task?: number
  readonly askers?: readonly number[]
}

test.each<[string, string, Wrong]>([
  ['another audience', 'another peer', { self: 3 }],
  ['another task of the same asker', 'another task', { task: 3 }],
  ['another caller', 'others asked', { askers: [0, 3] }],
  ['another first asker', 'nothing of that to give', { askers: [3, 1] }],
  ['one that was left out', 'others asked', { askers: [0] }]
])('a proof is worth nothing for %s', async (_, reason, { self, task: id, askers }) => {
  const wrong = check(2, {
    ...(self !== undefined && { self: peer(self).peer }),
    ...(id !== undefined && { task: task(id) }),
    ...(askers && { askers: askers.map((at) => peer(at).peer) })
  })
  await expect(verifyBehalf(await chain(2), wrong)).rejects.toMatchObject(refusal(reason))
})

test('a proof is worth nothing for another order, another swarm, or once it was taken back', async () => {
  const token = await chain(2)
  const elsewhere = `swarm:${'cd'.repeat(16)}`
  const verified = (init: Partial<BehalfCheck>) => verifyBehalf(token, check(2, init))
  await expect(verified({ root: 'cd'.repeat(16) })).rejects.toMatchObject(refusal('another order'))
  await expect(verified({ with: elsewhere })).rejects.toMatchObject(refusal('nothing of that'))
  const isRevoked = vi.fn<BehalfCheck['isRevoked']>(({ issuer }) => issuer === peer(0).peer)
  await expect(verified({ isRevoked })).rejects.toMatchObject({
    details: { reason: 'it was taken back', isStale: true }
  })
})

test('a link for another order does not extend the chain of this one', async () => {
  const proof = await link(0, { root: 'cd'.repeat(16) })
  const token = await link(1, { proof })
  await expect(verifyBehalf(token, check(2))).rejects.toMatchObject(refusal('another order'))
})

test('what is cut, changed, or signed by another key or for another purpose proves nothing', async () => {
  const token = await chain(2)
  const [head = '', body = '', signature = ''] = token.split('.')
  const payload = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), limits: { depth: 9 } }
  const changed = Buffer.from(JSON.stringify(payload)).toString('base64url')
  const { token: grant } = await grantOf(peer(0), peer(1))
  const worthless = [
    '',
    token.slice(0, -20),
    token.slice(0, token.length / 2),
    `${head}.${changed}.${signature}`,
    `${head}.${body}.`,
    await forged(3, { iss: peer(1).peer, aud: peer(2).peer, task: task(2), prf: await chain(1) }),
    await forged(1, { prf: await chain(1) }, 'lumos-grant+jwt'),
    await forged(1, { prf: grant }),
    await forged(1, { prf: await chain(1), limits: { skills: ['all'] } }),
    await forged(1, { prf: await chain(1), more: 1 }),
    grant
  ]
  for (const one of worthless) {
    await expect(verifyBehalf(one, check(2))).rejects.toMatchObject({ code: 'BEHALF_INVALID' })
  }
})

test('a signature that matched once is not checked again, and a wrong one never matches', async () => {
  const seen = createSeenTokens()
  const token = await chain(2)
  await verifyBehalf(token, check(2, { seen }))
  expect(seen.has(token)).toBe(true)
  const wrong = `${token.slice(0, -6)}AAAAAA`
  await expect(verifyBehalf(wrong, check(2, { seen }))).rejects.toBeDefined()
  expect(seen.has(wrong)).toBe(false)
  const stranger = check(3, { task: task(2), seen })
  await expect(verifyBehalf(token, stranger)).rejects.toMatchObject(refusal('another peer'))
})

test('no chain of links gives more than its first, whatever those in between sign', async () => {
  const amount = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined })
  const wish = fc.record({
    depth: amount,
    tokens: amount,
    money: amount,
    hours: fc.integer({ min: 1, max: 9 })
  })
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 2, maxLength: 4 }), async (wishes) => {
      const [root] = wishes
      let proof: string | undefined
      for (const [at, { hours, ...limits }] of wishes.entries()) {
        const given = Object.fromEntries(
          Object.entries(limits).filter(([, value]) => value !== undefined)
        )
        const claims = { limits: given, exp: (hours * HOUR) / 1000, ...(proof && { prf: proof }) }
        proof = await forged(at, { ...claims, jti: at.toString(16).padStart(32, '0') })
      }
      const now = (root?.hours ?? 0) * HOUR + LIMITS.clockLeeway.value
      await expect(verifyBehalf(proof ?? '', check(wishes.length, { now }))).rejects.toBeDefined()
      const outcome = await verifyBehalf(proof ?? '', check(wishes.length)).catch(() => undefined)
      if (outcome === undefined || root === undefined) return
      for (const [index, { depth, tokens, money }] of wishes.entries()) {
        expect(outcome.depth).toBeLessThanOrEqual((depth ?? 8) - (wishes.length - 1 - index))
        expect(outcome.tokens ?? Infinity).toBeLessThanOrEqual(tokens ?? Infinity)
        expect(outcome.money ?? Infinity).toBeLessThanOrEqual(money ?? Infinity)
      }
    }),
    { numRuns: 60 }
  )
})
