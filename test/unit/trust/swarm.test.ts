import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { systemRandom } from '../../../core/random.ts'
import { Secret } from '../../../core/secret.ts'
import { preSharedKey } from '../../../trust/swarm-key.ts'
import { resolveSwarm } from '../../../trust/swarm.ts'
import type { SwarmInit } from '../../../trust/swarm.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const GIVEN = '0123456789abcdef'.repeat(4)

async function setup() {
  const root = await temporaryDirectory()
  const logger = { ...silentLogger, warn: vi.fn<typeof silentLogger.warn>() }
  const runtimeDirectory = join(root, 'run')
  const data = (node: string): string => join(root, node)
  async function resolve(node: string, init: Partial<SwarmInit> = {}) {
    const base = { name: 'home', dataDirectory: data(node), runtimeDirectory }
    return resolveSwarm({ random: systemRandom, logger }, { ...base, ...init })
  }
  return { root, logger, runtimeDirectory, data, resolve }
}

function hex(key: Secret<Uint8Array> | undefined): string {
  return Buffer.from(key?.reveal() ?? []).toString('hex')
}

test('the first node makes a key; further nodes of the user find it', async () => {
  const { resolve } = await setup()
  const first = await resolve('one')
  const second = await resolve('two')
  expect(first.origin).toBe('generated')
  expect(second.origin).toBe('same-host')
  expect(hex(second.key)).toBe(hex(first.key))
  expect(second.id).toBe(first.id)
  expect(first.id).toMatch(/^[0-9a-f]{16}$/)
  expect((await resolve('two', { runtimeDirectory: undefined })).origin).toBe('data')
})

test('nodes that start at once end with one key', async () => {
  const { resolve } = await setup()
  const swarms = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => resolve(`node-${index}`))
  )
  expect(new Set(swarms.map(({ key }) => hex(key))).size).toBe(1)
})

test('without same-host every node has a swarm of its own', async () => {
  const { resolve } = await setup()
  const first = await resolve('one')
  const alone = await resolve('two', { runtimeDirectory: undefined })
  expect(alone.origin).toBe('generated')
  expect(alone.id).not.toBe(first.id)
})

test('swarms of other names have keys of their own', async () => {
  const { resolve } = await setup()
  expect((await resolve('one', { name: 'work' })).id).not.toBe((await resolve('one')).id)
})

test('the configured key wins, is kept for later starts, and reaches further nodes', async () => {
  const { resolve, data } = await setup()
  const given = await resolve('one', { key: new Secret(GIVEN) })
  expect(given.origin).toBe('given')
  expect(hex(given.key)).toBe(GIVEN)
  expect(hex((await resolve('one')).key)).toBe(GIVEN)
  expect(hex((await resolve('two')).key)).toBe(GIVEN)
  expect((await stat(join(data('one'), 'swarm-home.key'))).mode & 0o777).toBe(0o600)
})

test('a configured key never overwrites another that is stored', async () => {
  const { resolve, logger } = await setup()
  const first = await resolve('one')
  expect(hex((await resolve('one', { key: new Secret(GIVEN) })).key)).toBe(GIVEN)
  expect(logger.warn).toHaveBeenCalledTimes(2)
  expect(hex((await resolve('one')).key)).toBe(hex(first.key))
})

test('reads the key from a file, through links as secret stores mount them', async () => {
  const { resolve, root } = await setup()
  await writeFile(join(root, 'real'), `${GIVEN.toUpperCase()}\n`)
  await symlink(join(root, 'real'), join(root, 'secret'))
  const swarm = await resolve('one', { key: new Secret(`file:${join(root, 'secret')}`) })
  expect(hex(swarm.key)).toBe(GIVEN)
})

test('an open swarm has no key, and an id that its name gives', async () => {
  const { resolve } = await setup()
  const swarm = await resolve('one', { open: true })
  expect(swarm).toMatchObject({ key: undefined, origin: 'open' })
  expect((await resolve('two', { open: true })).id).toBe(swarm.id)
  expect((await resolve('two', { open: true, name: 'cafe' })).id).not.toBe(swarm.id)
  expect((await resolve('two')).id).not.toBe(swarm.id)
})

test.for([
  ['short', 'abcd'],
  ['not hex', 'xyz'.repeat(20)],
  ['a placeholder', '0'.repeat(64)],
  ['a missing file', 'file:/nowhere/at/all']
])('%s is no key', async ([, source = '']) => {
  const { resolve } = await setup()
  await expect(resolve('one', { key: new Secret(source) })).rejects.toMatchObject({
    code: 'SWARM_KEY_INVALID'
  })
})

test('no error, log line or printed swarm shows a key', async () => {
  const { resolve, root, data, logger } = await setup()
  const canary = 'c0ffee'.repeat(11)
  const seen: unknown[] = []
  const note = (error: unknown): void => void seen.push(error)
  await resolve('one', { key: new Secret(canary) }).catch(note)
  await writeFile(join(root, 'bad'), canary)
  await resolve('one', { key: new Secret(`file:${join(root, 'bad')}`) }).catch(note)
  await mkdir(data('two'))
  await writeFile(join(data('two'), 'swarm-home.key'), `${canary}zz`)
  await resolve('two').catch(note)
  expect(seen).toHaveLength(3)
  const swarm = await resolve('three')
  const printed = inspect([seen, logger.warn.mock.calls, swarm], { depth: 10, showHidden: true })
  expect(printed + JSON.stringify([seen, swarm])).not.toContain('c0ffeec0ffee')
  expect(printed).not.toContain(hex(swarm.key))
})

test('a runtime folder that is open to others is closed before a key goes there', async () => {
  const { resolve, runtimeDirectory } = await setup()
  await mkdir(runtimeDirectory)
  await chmod(runtimeDirectory, 0o777)
  await resolve('one')
  expect((await stat(runtimeDirectory)).mode & 0o777).toBe(0o700)
  const published = join(runtimeDirectory, 'swarm-home.key')
  expect((await stat(published)).mode & 0o777).toBe(0o600)
  expect((await readFile(published, 'utf8')).trim()).toMatch(/^[0-9a-f]{64}$/)
})

test('a planted link in place of the runtime folder or the key is refused', async () => {
  const { resolve, root, runtimeDirectory } = await setup()
  await mkdir(join(root, 'theirs'))
  await symlink(join(root, 'theirs'), runtimeDirectory)
  await expect(resolve('one')).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
  const other = join(root, 'run2')
  await mkdir(other)
  await writeFile(join(root, 'key'), GIVEN)
  await symlink(join(root, 'key'), join(other, 'swarm-home.key'))
  await expect(resolve('two', { runtimeDirectory: other })).rejects.toMatchObject({
    code: 'SWARM_KEY_INVALID'
  })
})

test('a name that could leave the folder is a mistake of the caller', async () => {
  const { resolve } = await setup()
  await expect(resolve('one', { name: '../x' })).rejects.toThrow(TypeError)
})

test('libp2p gets the key in its own format', () => {
  const key = new Uint8Array(Buffer.from(GIVEN, 'hex'))
  const text = Buffer.from(preSharedKey(key)).toString()
  expect(text).toBe(`/key/swarm/psk/1.0.0/\n/base16/\n${GIVEN}`)
  expect(preSharedKey(key)).toHaveLength(95)
})
