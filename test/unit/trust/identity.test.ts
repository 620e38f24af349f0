import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { expect, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { KEY_FILE, loadOrCreateIdentity } from '../../../trust/identity.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

async function setup() {
  const directory = join(await temporaryDirectory(), 'data')
  const logger = { ...silentLogger, warn: vi.fn<typeof silentLogger.warn>() }
  return { directory, path: join(directory, KEY_FILE), logger }
}

test('the first start makes a key that later starts keep', async () => {
  const { directory, path, logger } = await setup()
  const first = await loadOrCreateIdentity(directory, logger)
  const second = await loadOrCreateIdentity(directory, logger)
  expect(second.peer).toBe(first.peer)
  expect(first.peer).toMatch(/^12D3Koo/)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(directory)).toEqual([KEY_FILE])
})

test('signs with the key that the PeerId names', async () => {
  const { directory, logger } = await setup()
  const identity = await loadOrCreateIdentity(directory, logger)
  const bytes = new TextEncoder().encode('hello')
  const { publicKey } = peerIdFromString(identity.peer)
  expect(await publicKey?.verify(bytes, await identity.sign(bytes))).toBe(true)
})

test('many first starts at once end with one key', async () => {
  const { directory, logger } = await setup()
  const identities = await Promise.all(
    Array.from({ length: 8 }, async () => loadOrCreateIdentity(directory, logger))
  )
  expect(new Set(identities.map(({ peer }) => peer)).size).toBe(1)
})

test('closes a key file that others can read, and says so', async () => {
  const { directory, path, logger } = await setup()
  const { peer } = await loadOrCreateIdentity(directory, logger)
  await chmod(path, 0o644)
  expect((await loadOrCreateIdentity(directory, logger)).peer).toBe(peer)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(logger.warn).toHaveBeenCalledOnce()
})

test.for([
  ['nothing', ''],
  ['noise', 'bm90IGEga2V5'],
  ['too much', 'A'.repeat(300)]
])('a key file with %s is an error, never a new identity', async ([, content = '']) => {
  const { directory, path, logger } = await setup()
  await loadOrCreateIdentity(directory, logger)
  await writeFile(path, content)
  await expect(loadOrCreateIdentity(directory, logger)).rejects.toMatchObject({
    code: 'IDENTITY_INVALID',
    details: { path }
  })
})

test('another kind of key is refused by name', async () => {
  const { directory, path, logger } = await setup()
  await loadOrCreateIdentity(directory, logger)
  const other = privateKeyToProtobuf(await generateKeyPair('secp256k1'))
  await writeFile(path, Buffer.from(other).toString('base64'))
  await expect(loadOrCreateIdentity(directory, logger)).rejects.toThrow('secp256k1')
})

test('a home that is a file is unusable', async () => {
  const { directory, logger } = await setup()
  await writeFile(directory, '')
  await expect(loadOrCreateIdentity(directory, logger)).rejects.toMatchObject({
    code: 'HOME_UNUSABLE'
  })
})

test('printing an identity shows no key', async () => {
  const { directory, logger } = await setup()
  const identity = await loadOrCreateIdentity(directory, logger)
  const seed = identity.privateKey.reveal().raw.subarray(0, 32)
  const printed = inspect(identity, { depth: 10 }) + JSON.stringify(identity)
  expect(printed).not.toContain(Buffer.from(seed).toString('hex').slice(0, 8))
  expect(printed).toContain('[secret]')
})
