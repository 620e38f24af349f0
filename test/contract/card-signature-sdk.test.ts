/** Cards must verify with the A2A SDK as they do here: other implementations will read them. */
import { generateAgentCardSignature, verifyAgentCardSignature } from '@a2a-js/sdk'
import type { AgentCard as SdkCard } from '@a2a-js/sdk'
import { peerIdFromString } from '@libp2p/peer-id'
import { importJWK } from 'jose'
import { expect, test, vi } from 'vitest'
import { verifyCard } from '../../trust/card-signature.ts'
import { signedCard, testCard, testIdentity, testSkill } from '../support/identity.ts'

const verifyWithSdk = verifyAgentCardSignature(async (kid) => {
  const raw = peerIdFromString(kid).publicKey?.raw ?? new Uint8Array()
  const x = Buffer.from(raw).toString('base64url')
  return importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA')
})

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** The SDK takes the wire form too, although its types name only the decoded one. */
function wire(card: unknown): SdkCard {
  return JSON.parse(JSON.stringify(card))
}

async function setup() {
  // The SDK reports a failed verification on the console.
  vi.spyOn(console, 'debug').mockReturnValue()
  const identity = await testIdentity(1)
  const card = testCard(identity.peer, 'vision', {
    skills: [
      testSkill('vision.caption', { examples: ['describe this'], inputModes: ['image/png'] })
    ],
    capabilities: {
      streaming: true,
      pushNotifications: false,
      extensions: [{ uri: 'urn:lumos:a2a:test', params: { idempotent: true } }]
    }
  })
  return { identity, card }
}

test('the SDK verifies a card that we signed', async () => {
  const { identity, card } = await setup()
  await expect(verifyWithSdk(wire(await signedCard(identity, card)))).resolves.toBeUndefined()
})

test('the SDK refuses a card that was changed after we signed it', async () => {
  const { identity, card } = await setup()
  const signed = await signedCard(identity, card)
  await expect(verifyWithSdk(wire({ ...signed, name: 'evil' }))).rejects.toThrow('No valid')
})

test('we verify a card that the SDK signed', async () => {
  const { identity, card } = await setup()
  const { raw, publicKey } = identity.privateKey.reveal()
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: encode(publicKey.raw), d: encode(raw.slice(0, 32)) }
  const key = await importJWK(jwk, 'EdDSA')
  if (key instanceof Uint8Array) throw new TypeError('not an asymmetric key')
  const sign = generateAgentCardSignature(key, {
    alg: 'EdDSA',
    kid: identity.peer,
    typ: 'JOSE',
    iat: 0,
    exp: 3600,
    seq: 7
  })
  const verified = await verifyCard(wire(await sign(wire(card))), { peer: identity.peer, now: 0 })
  expect(verified).toMatchObject({ agentId: 'vision', seq: 7 })
})
