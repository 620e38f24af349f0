import { expect, test } from 'vitest'
import { sharingVerifier } from '../../../../discovery/cards/card-sharing.ts'
import { cardDigest, verifyCard } from '../../../../trust/card-signature.ts'
import { signedCard, testCard, testIdentity, testSkill } from '../../../support/identity.ts'

/** Cards of nodes with those keys as they come over the wire, where nothing is shared with anything. */
async function verified(seeds: readonly number[], description = 'the same') {
  const verify = sharingVerifier(verifyCard)
  return Promise.all(
    seeds.map(async (seed) => {
      const identity = await testIdentity(seed)
      const skills = [testSkill('echo', { tags: ['a', 'b'] })]
      const extra = { skills, description, capabilities: { extensions: [{ uri: 'urn:x' }] } }
      const signed = await signedCard(identity, testCard(identity.peer, 'echo', extra))
      const card = await verify(structuredClone(signed), { peer: identity.peer, now: 0 })
      return { signed, ...card }
    })
  )
}

test('cards share what they say alike, and stay what was signed', async () => {
  const [one, two] = await verified([1, 2])
  expect(one?.card).toEqual(one?.signed)
  expect(two?.card).toEqual(two?.signed)
  expect(cardDigest(two?.card)).toBe(two?.digest)
  expect(one?.card.capabilities).toBe(two?.card.capabilities)
  expect(one?.card.skills[0]?.tags).toBe(two?.card.skills[0]?.tags)
})

test('a skill is an object of its own, however alike: what is known of it depends on its card', async () => {
  const [one, two] = await verified([1, 2])
  expect(one?.card.skills[0]).toEqual(two?.card.skills[0])
  expect(one?.card.skills[0]).not.toBe(two?.card.skills[0])
})

test('a text that looks like a list or an object stays a text', async () => {
  for (const text of ['["text/plain"]', '["a","b"]', '{"uri":"urn:x"}']) {
    const [card] = await verified([1], text)
    expect(card?.card.description).toBe(text)
  }
})
