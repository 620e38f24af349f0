/** Tokens for HTTP: shown once, kept as hashes, over when they expire or are taken back. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createApiTokens } from '../../../trust/api-tokens.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const HOUR = 3_600_000
const SEND = { name: 'editor', scopes: ['task/send'], lifetimeMs: HOUR } as const

async function setup() {
  const path = join(await temporaryDirectory(), 'tokens.json')
  const clock = new ManualClock()
  const parts = { clock, random: seededRandom(1), logger: silentLogger }
  const open = async () => {
    const tokens = createApiTokens(parts, { path })
    await tokens.start()
    return tokens
  }
  return { path, clock, open, tokens: await open() }
}

test('a token lets in whoever has it, also after a restart, and its secret is not on disk', async () => {
  const { path, open, tokens } = await setup()
  const { token, secret } = await tokens.create(SEND)
  expect(secret).toMatch(/^lumos_[0-9a-f]{16}_[\w-]{43}$/)
  expect(tokens.verify(secret)).toMatchObject({ id: token.id, scopes: ['task/send'] })
  const again = await open()
  expect(again.verify(secret)?.id).toBe(token.id)
  const kept = await readFile(path, 'utf8')
  expect(kept).not.toContain(secret.slice(-43))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a token says of which tenant its holder is one, also after a restart', async () => {
  const { open, tokens } = await setup()
  const { token, secret } = await tokens.create({ ...SEND, tenant: 'acme' })
  expect(token.tenant).toBe('acme')
  expect((await open()).verify(secret)?.tenant).toBe('acme')
})

test('a wrong secret, another one with the same id, and one of another node are refused', async () => {
  const { tokens } = await setup()
  const { secret } = await tokens.create(SEND)
  const spoilt = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`
  for (const wrong of ['', 'lumos_', spoilt, `${secret}x`, secret.replace(/_[0-9a-f]{16}_/, '_')]) {
    expect(tokens.verify(wrong)).toBeUndefined()
  }
})

test('a token that the disk did not forget is taken back by asking once more', async () => {
  const { path, open, tokens } = await setup()
  const { token, secret } = await tokens.create(SEND)
  const kept = await readFile(path)
  await rm(path)
  // What nothing can be written over.
  await mkdir(path)
  await expect(tokens.revoke(token.id)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
  await rm(path, { recursive: true })
  await writeFile(path, kept)
  await tokens.revoke(token.id)
  expect((await open()).verify(secret)).toBeUndefined()
  await expect(tokens.revoke(token.id)).rejects.toMatchObject({ code: 'API_TOKEN_UNKNOWN' })
})

test('a token is over when it expires', async () => {
  const { clock, tokens } = await setup()
  const { secret } = await tokens.create(SEND)
  await clock.advance(HOUR - 1)
  expect(tokens.verify(secret)).toBeDefined()
  await clock.advance(1)
  expect(tokens.verify(secret)).toBeUndefined()
  expect(tokens.list()).toEqual([])
})

test('a token that was taken back lets nobody in, now and after a restart', async () => {
  const { open, tokens } = await setup()
  const { token, secret } = await tokens.create(SEND)
  const other = await tokens.create({ ...SEND, name: 'other' })
  await expect(tokens.revoke('nobody')).rejects.toMatchObject({ code: 'API_TOKEN_UNKNOWN' })
  await expect(tokens.revoke(token.id.slice(0, 8))).resolves.toMatchObject({ name: 'editor' })
  expect(tokens.verify(secret)).toBeUndefined()
  const again = await open()
  expect(again.verify(secret)).toBeUndefined()
  expect(again.verify(other.secret)).toBeDefined()
})

test('who came with a token hears at once that it is taken back', async () => {
  const { tokens } = await setup()
  const [{ token }, { token: other }] = [await tokens.create(SEND), await tokens.create(SEND)]
  const [ended, goesOn] = [tokens.ended(token.id), tokens.ended(other.id)]
  expect(ended.aborted).toBe(false)
  await tokens.revoke(token.id)
  expect(ended.reason).toMatchObject({ code: 'API_TOKEN_REFUSED' })
  expect(tokens.ended(token.id).aborted).toBe(true)
  expect(goesOn.aborted).toBe(false)
})

test('that a token is in use is written down, but not with each use', async () => {
  const { path, clock, tokens } = await setup()
  const { secret } = await tokens.create(SEND)
  expect(tokens.list()[0]).not.toHaveProperty('usedAt')
  const used = clock.now()
  for (let use = 0; use < 3; use += 1) tokens.verify(secret)
  expect(tokens.list()[0]?.usedAt).toBe(used)
  expect(await readFile(path, 'utf8')).not.toContain('usedAt')
  await tokens.stop()
  expect(await readFile(path, 'utf8')).toContain(`"usedAt": ${used}`)
})
