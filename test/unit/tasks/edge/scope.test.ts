/** Names of conversations over the edge: one's own come back as they were given, and nobody else's are met. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Message } from '../../../../core/a2a.ts'
import { partyOf, PARTY_EXTENSION } from '../../../../core/party.ts'
import { inward, outward, uuidOf } from '../../../../tasks/edge/scope.ts'
import { outboxKeys } from '../../../../tasks/caller/outbox-keys.ts'

const ORDER: Message = { messageId: 'm', contextId: 'talk', role: 'ROLE_USER', parts: [] }
const ACME = { owner: 'tenant:acme', contextId: 'talk' }
const BETA = { owner: 'tenant:beta', contextId: 'talk' }

test('the same context of two tenants is two contexts inside, and each time the same two', () => {
  const [acme, beta] = [inward(ORDER, ACME), inward(ORDER, BETA)]
  expect(acme.contextId).not.toBe(beta.contextId)
  expect(partyOf(acme)).not.toBe(partyOf(beta))
  expect(inward({ ...ORDER, messageId: 'next' }, ACME)).toEqual({ ...acme, messageId: 'next' })
})

test('what a worker sees does not name who asks', () => {
  expect(JSON.stringify(inward(ORDER, ACME))).not.toMatch(/acme|tenant|talk/)
})

test('nobody can say for whom it asks', () => {
  const forged = { ...ORDER, metadata: { [PARTY_EXTENSION]: partyOf(inward(ORDER, BETA)) ?? '' } }
  expect(inward(forged, ACME)).toEqual(inward(ORDER, ACME))
})

test('who said it gets it back as it was said', () => {
  const metadata = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true })
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), metadata, (contextId, given) => {
      const said = {
        ...ORDER,
        contextId,
        ...(Object.keys(given).length > 0 && { metadata: given })
      }
      const edge = { owner: 'http:a', contextId }
      expect(outward(inward(said, edge), edge)).toEqual(said)
    })
  )
})

test('names that could be read as two others are not those', () => {
  expect(uuidOf('task', 'jwt:host/a b', 'c', 'd')).not.toBe(
    uuidOf('task', 'jwt:host/a', 'b', 'c d')
  )
  expect(outboxKeys.owned('jwt:host/a/b', 0, 'id')).not.toContain(
    outboxKeys.allOwned('jwt:host/a').gte
  )
})
