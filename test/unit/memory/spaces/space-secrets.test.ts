/** Secrets of sealed spaces: they reach the member they are for, and nobody else. */
import { expect, test, vi } from 'vitest'
import { Secret } from '../../../../core/secret.ts'
import { createSigner, createVerifier } from '../../../../memory/replica/record-signature.ts'
import {
  createSecretReader,
  newestOf,
  openSecret,
  sealSecret
} from '../../../../memory/spaces/space-secrets.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import { createStatement, decodeStatement } from '../../../../memory/spaces/statement.ts'
import type { SharedSecret, Statement } from '../../../../memory/spaces/statement.ts'
import { seededRandom } from '../../../support/random.ts'

function person(fill: number) {
  const seed = new Secret<Uint8Array>(Buffer.alloc(32, fill))
  return { seed, signer: createSigner(seed) }
}

const owner = person(1)
const member = person(2)
const stranger = person(3)

const space = createSpace(
  {
    ...DEFAULT_QUOTAS,
    mode: 'members',
    sealed: true,
    owner: owner.signer.author,
    nonce: '0f'.repeat(16),
    name: 'diary'
  },
  owner.signer
)

const { author } = member.signer
const place = { space: space.id, author, secret: 1 }

function sealedFor(content: number, secret = 1) {
  const components = { random: seededRandom(content) }
  return sealSecret(components, { ...place, secret }, new Secret(Buffer.alloc(32, content)))
}

/** Opened by another program, from docs/protocols/memory.md. */
test('golden vector: an envelope', () => {
  expect(Buffer.from(sealedFor(7).envelope).toString('hex')).toBe(
    [
      'bf95415b74533b30a6b2a12d7f1480c034599d2953cea925abbf318e42c4af519ffe366ab6962ce0',
      '377d6f04949e5647bfb18b6f2b43379116426cf232f7c74dc7298519df0c58048c0e796b1bef6763'
    ].join('')
  )
})

test('an envelope opens for the one it is for', () => {
  const { envelope } = sealedFor(7)
  expect(Buffer.from(openSecret(member.seed, place, envelope).reveal())).toEqual(
    Buffer.alloc(32, 7)
  )
})

test.for([
  ['by somebody else', stranger.seed, place],
  ['as another secret', member.seed, { ...place, secret: 2 }],
  ['in another space', member.seed, { ...place, space: '00'.repeat(16) }]
] as const)('it does not open %s', ([, seed, envelope]) => {
  expect(() => openSecret(seed, envelope, sealedFor(7).envelope)).toThrow(/sealed record/)
})

test('it does not open with a byte changed', () => {
  const { envelope } = sealedFor(7)
  for (let at = 0; at < envelope.length; at += 1) {
    const changed = Buffer.from(envelope)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => openSecret(member.seed, place, changed)).toThrow(/sealed record/)
  }
})

test.for(['01'.padEnd(64, '0'), '00'.repeat(32), 'ff'.repeat(31)])(
  'nothing is sealed for the key %s, which everybody could open',
  (weak) => {
    const components = { random: seededRandom(1) }
    const content = new Secret(Buffer.alloc(32, 7))
    expect(() => sealSecret(components, { ...place, author: weak }, content)).toThrow(
      /sealed record/
    )
  }
)

const verify = createVerifier()

function saidOf(bodies: readonly (SharedSecret & { author?: string })[]): Promise<Statement[]> {
  return Promise.all(
    bodies.map((body, index) => {
      const said = { author, ...body, number: index + 1 }
      return decodeStatement(space, createStatement(space.id, said, owner.signer).bytes, verify)
    })
  )
}

test('a member finds its secrets among all statements; the last word counts', async () => {
  const statements = await saidOf([
    sealedFor(7),
    { ...sealedFor(8), envelope: Buffer.alloc(80) },
    sealedFor(9, 2),
    { ...sealedFor(5), author: stranger.signer.author }
  ])
  const found = createSecretReader(member.seed, place)(statements)
  expect([1, 2, 3].map((number) => found.get(number)?.reveal()[0])).toEqual([7, 9, undefined])
  expect(newestOf(found)).toBe(2)
  const { author: another } = stranger.signer
  expect(newestOf(createSecretReader(stranger.seed, { ...place, author: another })([]))).toBe(0)
})

test('each envelope is opened once, and only when somebody needs it', async () => {
  const statements = await saidOf(Array.from({ length: 40 }, (_, index) => sealedFor(1, index + 1)))
  const opened = vi.spyOn(member.seed, 'reveal')
  const secretsOf = createSecretReader(member.seed, place)
  expect(newestOf(secretsOf(statements.slice(0, 39)))).toBe(39)
  expect(opened).toHaveBeenCalledTimes(1)
  const all = secretsOf(statements)
  expect(newestOf(all)).toBe(40)
  expect(all.get(39)).toBeDefined()
  expect(opened).toHaveBeenCalledTimes(2)
  expect(all.get(7)).toBe(all.get(7))
  expect(opened).toHaveBeenCalledTimes(3)
})
