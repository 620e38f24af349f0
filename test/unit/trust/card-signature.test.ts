import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { libp2pUrl, LIBP2P_BINDING } from '../../../core/a2a.ts'
import { cardDigest, createCardSigner, verifyCard } from '../../../trust/card-signature.ts'
import { SIGNATURE, signedCard, testCard, testIdentity } from '../../support/identity.ts'

const MINUTE = 60_000

async function setup() {
  const [alice, mallory] = await Promise.all([testIdentity(1), testIdentity(2)])
  const card = testCard(alice.peer, 'echo', {
    securitySchemes: { k: { apiKeySecurityScheme: { location: 'header', name: 'X' } } }
  })
  return { alice, mallory, card, signed: await signedCard(alice, card) }
}

function reason(text: string) {
  return { code: 'CARD_INVALID', details: { reason: text } }
}

function overWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

test('a signed card verifies after its way over the wire', async () => {
  const { alice, signed } = await setup()
  const verified = await verifyCard(overWire(signed), { peer: alice.peer, now: 0 })
  expect(verified).toMatchObject({ peer: alice.peer, agentId: 'echo', ...SIGNATURE })
  expect(verified.digest).toBe(cardDigest(signed))
  expect(verified.digest).toMatch(/^[0-9a-f]{16}$/)
})

test('required fields survive although they are empty', async () => {
  const { alice } = await setup()
  const empty = testCard(alice.peer, 'echo', { description: '', capabilities: {} })
  const signed = await signedCard(alice, empty)
  await expect(verifyCard(signed, { peer: alice.peer, now: 0 })).resolves.toBeDefined()
  const { description: _, ...stripped } = signed
  await expect(verifyCard(stripped, { peer: alice.peer, now: 0 })).rejects.toMatchObject({
    code: 'CARD_INVALID'
  })
})

test('the header names key, kind and times, and no place to fetch a key from', async () => {
  const { alice, signed } = await setup()
  const header: unknown = JSON.parse(
    Buffer.from(signed.signatures[0]?.protected ?? '', 'base64url').toString()
  )
  expect(header).toEqual({
    alg: 'EdDSA',
    kid: alice.peer,
    typ: 'JOSE',
    iat: 0,
    exp: 86_400,
    seq: 1
  })
})

test('a card that another key signed is refused', async () => {
  const { alice, mallory, card } = await setup()
  const forged = await signedCard(mallory, card)
  await expect(verifyCard(forged, { peer: alice.peer, now: 0 })).rejects.toMatchObject(
    reason('it is not signed by the peer')
  )
  const claimed = createCardSigner({ ...mallory, peer: alice.peer })
  await expect(
    verifyCard(await claimed(card, SIGNATURE), { peer: alice.peer, now: 0 })
  ).rejects.toMatchObject(reason('its signature does not match'))
})

test('exchanging a security scheme breaks the signature', async () => {
  const { alice, signed } = await setup()
  const weaker = {
    ...signed,
    securitySchemes: { k: { httpAuthSecurityScheme: { scheme: 'Basic' } } }
  }
  await expect(verifyCard(weaker, { peer: alice.peer, now: 0 })).rejects.toMatchObject(
    reason('its signature does not match')
  )
})

test('a card is in force from its issue to its expiry, give or take a minute', async () => {
  const { alice, card } = await setup()
  const signed = await signedCard(alice, card, {
    issuedAt: 10 * MINUTE,
    expiresAt: 20 * MINUTE
  })
  const inForce = async (now: number) => verifyCard(signed, { peer: alice.peer, now })
  await expect(inForce(9 * MINUTE)).resolves.toBeDefined()
  await expect(inForce(21 * MINUTE)).resolves.toBeDefined()
  await expect(inForce(9 * MINUTE - 1)).rejects.toMatchObject(reason('it was issued in the future'))
  await expect(inForce(21 * MINUTE + 1)).rejects.toMatchObject(reason('it has expired'))
})

test('a card for a year is refused', async () => {
  const { alice, card } = await setup()
  const signed = await signedCard(alice, card, { expiresAt: 365 * 24 * 60 * MINUTE })
  await expect(verifyCard(signed, { peer: alice.peer, now: 0 })).rejects.toMatchObject(
    reason('it is valid for too long')
  )
})

test('a card larger than the limit is refused', async () => {
  const { alice, card } = await setup()
  const skills = card.skills.concat(
    Array.from({ length: 60 }, (_, index) => ({
      id: `s${index}`,
      name: 's',
      description: 'x'.repeat(600),
      tags: ['t']
    }))
  )
  const signed = await signedCard(alice, { ...card, skills })
  await expect(verifyCard(signed, { peer: alice.peer, now: 0 })).rejects.toMatchObject({
    details: { reason: expect.stringMatching(/bytes exceed 32768/) }
  })
})

function at(peer: string, tenant: string, protocolBinding = LIBP2P_BINDING) {
  return { url: libp2pUrl(peer), protocolBinding, tenant, protocolVersion: '1.0' }
}

test('a card may speak only for its signer, and for one agent', async () => {
  const { alice, mallory } = await setup()
  const check = async (...supportedInterfaces: ReturnType<typeof at>[]) =>
    verifyCard(await signedCard(alice, testCard(alice.peer, 'echo', { supportedInterfaces })), {
      peer: alice.peer,
      now: 0
    })
  await expect(check(at(mallory.peer, 'echo'))).rejects.toMatchObject(
    reason('its interface is at another peer')
  )
  await expect(check(at(alice.peer, 'a'), at(alice.peer, 'b'))).rejects.toMatchObject(
    reason('its interfaces name no agent, or several')
  )
  await expect(check(at(alice.peer, ''))).rejects.toMatchObject(
    reason('its interfaces name no agent, or several')
  )
  await expect(check(at(alice.peer, 'echo', 'JSONRPC'))).rejects.toMatchObject(
    reason(`it has no interface ${LIBP2P_BINDING}`)
  )
})

test('what is no card is refused, whatever it is', async () => {
  const { alice } = await setup()
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      await expect(verifyCard(value, { peer: alice.peer, now: 0 })).rejects.toMatchObject({
        code: 'CARD_INVALID'
      })
    })
  )
})

test('a document nested too deep is refused before anything walks it', async () => {
  const { alice, signed } = await setup()
  const deep: unknown = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000))
  await expect(
    verifyCard({ ...signed, 'x-deep': deep }, { peer: alice.peer, now: 0 })
  ).rejects.toMatchObject(reason('it is nested deeper than 32'))
})

test('text that is not well-formed Unicode is refused', async () => {
  const { alice, signed } = await setup()
  await expect(
    verifyCard({ ...signed, name: '\ud800' }, { peer: alice.peer, now: 0 })
  ).rejects.toMatchObject({ code: 'CARD_INVALID' })
})

/** Paths of every leaf, so that a property test can change any of them. */
function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
}

function changed(value: unknown, [head, ...rest]: readonly string[], to: unknown): unknown {
  if (head === undefined) return to
  const entries = Object.entries(value ?? {}).map(([key, item]): [string, unknown] => [
    key,
    key === head ? changed(item, rest, to) : item
  ])
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}

test('any change of any member makes a card invalid', async () => {
  const { alice, signed } = await setup()
  const paths = leaves(signed)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, to) => {
      const other = changed(signed, path, to)
      fc.pre(JSON.stringify(other) !== JSON.stringify(signed))
      await expect(verifyCard(other, { peer: alice.peer, now: 0 })).rejects.toMatchObject({
        code: 'CARD_INVALID'
      })
    }),
    { numRuns: 500 }
  )
})

test('any member added to a card makes it invalid', async () => {
  const { alice, signed } = await setup()
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.jsonValue(), async (name, value) => {
      fc.pre(!Object.hasOwn(signed, name))
      const other: unknown = JSON.parse(
        `{${JSON.stringify(name)}:${JSON.stringify(value)},${JSON.stringify(signed).slice(1)}`
      )
      await expect(verifyCard(other, { peer: alice.peer, now: 0 })).rejects.toMatchObject({
        code: 'CARD_INVALID'
      })
    })
  )
})

test('another spelling of the same signature is refused', async () => {
  const { alice, signed } = await setup()
  const [own] = signed.signatures
  const signature = own?.signature ?? ''
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(signature.at(-1) ?? '')
  const other = { ...own, signature: signature.slice(0, -1) + alphabet[last + 1] }
  await expect(
    verifyCard({ ...signed, signatures: [other] }, { peer: alice.peer, now: 0 })
  ).rejects.toMatchObject(reason('its signature is not plain base64url'))
})
