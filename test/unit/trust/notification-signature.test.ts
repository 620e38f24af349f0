/** That a receiver can check a push notification with nothing but the sender's PeerId. */
import { createHash } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { importJWK, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { identityOf } from '../../../trust/identity.ts'
import { createNotificationSigner } from '../../../trust/notification-signature.ts'

const NOW = 1_800_000_000_500

const claims = {
  audience: 'https://hooks.example.org/a',
  taskId: 'task',
  id: 'task/hook/1.2',
  body: '{"statusUpdate":{}}',
  issuedAt: NOW,
  expiresAt: NOW + 300_000
}

async function keyOf(peer: string) {
  const { publicKey } = peerIdFromString(peer)
  if (publicKey === undefined) throw new Error('the id holds no key')
  const x = Buffer.from(publicKey.raw).toString('base64url')
  return importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA')
}

test('the JWT says who sends what to whom and when, under the key that the PeerId is', async () => {
  const identity = identityOf(await generateKeyPair('Ed25519'))
  const token = await createNotificationSigner(identity)(claims)
  const { payload, protectedHeader } = await jwtVerify(token, await keyOf(identity.peer), {
    audience: claims.audience,
    issuer: identity.peer,
    algorithms: ['EdDSA'],
    currentDate: new Date(NOW)
  })
  expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: identity.peer, typ: 'JWT' })
  expect(payload).toEqual({
    iss: identity.peer,
    aud: claims.audience,
    iat: 1_800_000_000,
    exp: 1_800_000_300,
    jti: claims.id,
    taskId: 'task',
    request_body_sha256: createHash('sha256').update(claims.body).digest('hex')
  })
})

test('another node cannot have signed it, and it ends with its time', async () => {
  const identity = identityOf(await generateKeyPair('Ed25519'))
  const other = identityOf(await generateKeyPair('Ed25519'))
  const token = await createNotificationSigner(identity)(claims)
  await expect(
    jwtVerify(token, await keyOf(other.peer), { currentDate: new Date(NOW) })
  ).rejects.toThrow('signature verification failed')
  await expect(
    jwtVerify(token, await keyOf(identity.peer), { currentDate: new Date(NOW + 300_000) })
  ).rejects.toThrow('"exp" claim timestamp check failed')
})
