/** What a node keeps about grants is there at its next start, however much others tell it. */
import { EventEmitter } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createNodeGrants, GRANTS_FILE_BYTES } from '../../../node/grants.ts'
import type { RequestHandler } from '../../../protocols/session/session.ts'
import { createAuthority } from '../../../trust/authority.ts'
import { createRevocations, signRevocation } from '../../../trust/grants/revocations.ts'
import type { Revocation } from '../../../trust/grants/revocations.ts'
import { HOUR } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { PATIENCE } from '../../support/patience.ts'
import { seededRandom } from '../../support/random.ts'

async function folderOf(file?: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-grants-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  if (file !== undefined) await writeFile(join(folder, 'grants.json'), textOf(file))
  return folder
}

function textOf(file: object): string {
  return `${JSON.stringify(file, undefined, 2)}\n`
}

/** Not started. `alice` is another member. */
async function setup(dataDirectory: string, listed = true) {
  const clock = new ManualClock()
  const [identity, alice] = await Promise.all([testIdentity(1), testIdentity(2)])
  const members = { roleOf: () => 'member' as const, listed }
  const revocations = createRevocations({ clock }, { self: identity.peer })
  const authority = createAuthority(
    { clock, members, revocations, audit: { note: () => undefined } },
    { self: identity.peer, swarm: 'ab'.repeat(16) }
  )
  const handlers = new Map<string, RequestHandler>()
  const sessions = {
    all: () => [],
    events: new EventEmitter<never>(),
    methods: {
      request: (method: string, handler: RequestHandler) => void handlers.set(method, handler),
      stream: () => undefined
    }
  }
  const grants = createNodeGrants(
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      sessions,
      authority,
      members,
      revocations,
      blame: { add: () => undefined }
    },
    { identity, dataDirectory }
  )
  const give = () =>
    grants.create({
      audience: alice.peer,
      with: `node:${identity.peer}`,
      can: ['task/send'],
      lifetimeMs: HOUR
    })
  /** Alice takes back a grant, and tells of it. */
  const hear = async (at: number) => {
    const id = at.toString(16).padStart(32, '0')
    const { token } = await signRevocation(alice, { id, expiresAt: HOUR })
    const body = Buffer.from(JSON.stringify({ v: 1, tokens: [token] }))
    const { signal } = new AbortController()
    const context = { peer: alice.peer, headers: {}, signal, remainingMs: () => Infinity }
    await handlers.get('grant.revoked')?.(body, context)
    return { id, issuer: alice.peer }
  }
  const revokedOnDisk = async (): Promise<number> => {
    const text = await readFile(join(dataDirectory, 'grants.json'), 'utf8').catch(() => '{}')
    return JSON.parse(text).revoked?.length ?? 0
  }
  return { clock, grants, revocations, give, hear, revokedOnDisk }
}

function made(issuer: string): Revocation {
  return { id: 'b'.repeat(32), issuer, until: HOUR, token: 'x' }
}

function full(count: number, bytes: number): string[] {
  return Array.from({ length: count }, () => 'x'.repeat(bytes))
}

test('the fullest file that there can be is read at the next start', async () => {
  const file = {
    v: 1,
    held: full(LIMITS.grantsHeld.value, LIMITS.grantBytes.value),
    given: full(LIMITS.grantsGiven.value, LIMITS.grantBytes.value),
    revoked: full(
      LIMITS.revocations.value + LIMITS.revocationsPerIssuer.value,
      LIMITS.revocationBytes.value
    )
  }
  expect(textOf(file).length).toBeLessThanOrEqual(GRANTS_FILE_BYTES)
  expect(textOf(file).length).toBeGreaterThan(GRANTS_FILE_BYTES - 2048)
  const { grants } = await setup(await folderOf(file))
  await grants.start()
  await grants.stop()
})

test('what peers take back one by one is written down together, and at the latest when the node stops', async () => {
  const folder = await folderOf()
  const { clock, grants, hear, revokedOnDisk } = await setup(folder)
  await grants.start()
  await hear(1)
  await hear(2)
  expect(await revokedOnDisk()).toBe(0)
  await clock.advance(1000)
  await expect.poll(revokedOnDisk, PATIENCE).toBe(2)
  const last = await hear(3)
  expect(await revokedOnDisk()).toBe(2)
  await grants.stop()
  expect(clock.pending).toBe(0)
  const next = await setup(folder)
  await next.grants.start()
  expect(next.revocations.covers(last)).toBe(true)
  expect(next.revocations.list()).toHaveLength(3)
})

test('a grant is given only if there is room to take it back', async () => {
  const folder = await folderOf()
  const first = await setup(folder)
  await first.grants.start()
  const { token } = await first.give()
  await first.grants.stop()
  const given = Array.from({ length: LIMITS.grantsGiven.value }, () => token)
  const { clock, grants, give } = await setup(
    await folderOf({ v: 1, held: [], given, revoked: [] })
  )
  await grants.start()
  await clock.advance(HOUR + LIMITS.clockLeeway.value)
  await expect(give()).rejects.toMatchObject({ code: 'OVERLOADED' })
  await clock.advance(1)
  await expect(give()).resolves.toBeDefined()
})

test('what was made up before a start gives way after it, too', async () => {
  const invented = await Promise.all([11, 12, 13].map((seed) => testIdentity(seed)))
  const signed = await Promise.all(
    invented.map((identity) => signRevocation(identity, { id: 'a'.repeat(32), expiresAt: HOUR }))
  )
  const revoked = signed.map(({ token }) => token)
  const folder = await folderOf({ v: 1, held: [], given: [], revoked })
  const { grants, revocations } = await setup(folder, false)
  await grants.start()
  expect(revocations.list()).toHaveLength(3)
  for (let at = 3; at < LIMITS.revocations.value; at++) revocations.add(made(`issuer-${at}`))
  expect(revocations.add(made('honest'))).toBe(true)
  expect(revocations.covers(made('honest'))).toBe(true)
})
