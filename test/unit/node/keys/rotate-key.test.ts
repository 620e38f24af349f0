import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import { resolvePaths } from '../../../../core/paths.ts'
import { Secret } from '../../../../core/secret.ts'
import { prepareHome } from '../../../../node/daemon/home.ts'
import { beginRun } from '../../../../node/daemon/run-file.ts'
import { lockProfile } from '../../../../node/daemon/profile-lock.ts'
import { runKeysCommand } from '../../../../node/keys/keys-command.ts'
import { createAuditLog } from '../../../../trust/audit-log.ts'
import { readFormerKeys } from '../../../../trust/former-keys.ts'
import { loadOrCreateIdentity } from '../../../../trust/identity.ts'
import type { Identity } from '../../../../trust/identity.ts'
import { openSwarmBook } from '../../../../trust/members/swarm-book.ts'
import type { SwarmBook } from '../../../../trust/members/swarm-book.ts'
import { testIdentity } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const KEY = new Secret(new Uint8Array(32).fill(7))
const LIST = 'swarm-home.members.json'

async function setup() {
  const folder = await temporaryDirectory()
  const word = join(folder, 'word')
  await writeFile(word, 'correct horse battery\n')
  const clock = new ManualClock()
  const random = seededRandom(1)
  const paths = resolvePaths({ LUMOS_HOME: join(folder, 'home'), LUMOS_RUNTIME_DIR: folder })
  const { data } = paths

  const start = (passphraseFile?: string): Promise<Identity> =>
    loadOrCreateIdentity(data, silentLogger, { ...(passphraseFile && { passphraseFile }) })

  const bookOf = (identity: Identity, name = 'home'): Promise<SwarmBook> => {
    const parts = { clock, random, logger: silentLogger, identity }
    return openSwarmBook(parts, { dataDirectory: data, name })
  }

  /** A swarm whose owner this node is, and another member. */
  async function found(name = 'home', id = '00112233aabbccdd'): Promise<void> {
    const book = await bookOf(await start(), name)
    const { peer } = await testIdentity(5)
    await book.found({ swarm: id, key: KEY, members: [{ peer, name: 'bob' }] })
  }

  const keys = (line: string, passphraseFile?: string) =>
    runKeysCommand(line.split(' '), {
      clock,
      random,
      paths,
      passphraseFile,
      swarm: 'home',
      cost: 10,
      ask: () => Promise.resolve(undefined)
    })

  return { word, clock, paths, data, start, bookOf, found, keys }
}

test('another key takes the place of the first, in every swarm whose list this node is on', async () => {
  const { data, start, bookOf, found, keys } = await setup()
  await found()
  await found('lab', 'ffeeddccbbaa9988')
  const old = await start()
  await writeFile(join(data, 'swarm-lab.invites.json'), '{"v":1,"invites":[]}')
  const { document } = await keys('rotate')
  const next = await start()
  expect(document).toEqual({ v: 1, peer: next.peer, was: old.peer, swarms: ['home', 'lab'] })
  expect(next.peer).not.toBe(old.peer)
  expect((await readdir(data)).filter((name) => name.includes('invites'))).toEqual([])
  for (const name of ['home', 'lab']) {
    const { roll } = await bookOf(next, name)
    expect(roll?.members()).toMatchObject([
      { peer: next.peer, standing: 'owner', former: [old.peer] },
      { standing: 'member', name: 'bob' }
    ])
  }
  expect((await stat(join(data, 'node.key'))).mode & 0o777).toBe(0o600)
  expect((await keys('show')).document).toMatchObject({ peer: next.peer })
})

test('the keys before it are kept, for nobody who has not the present one', async () => {
  const { data, start, found, keys } = await setup()
  await found()
  const first = await start()
  const text = (await readFile(join(data, 'node.key'), 'utf8')).trim()
  await keys('rotate')
  const second = await start()
  await keys('rotate --leaked')
  const third = await start()
  const kept = (await readdir(data)).filter((name) => name.startsWith('former-'))
  expect(kept).toEqual([`former-${third.peer}.keys`])
  expect(await readFile(join(data, kept[0] ?? ''), 'utf8')).not.toContain(text.slice(20, 60))
  const former = await readFormerKeys(data, third)
  expect(former.map(({ peer }) => peer)).toEqual([first.peer, second.peer])
  expect(await former[0]?.sign(new Uint8Array(1))).toEqual(await first.sign(new Uint8Array(1)))
  await rename(join(data, kept[0] ?? ''), join(data, `former-${first.peer}.keys`))
  await expect(readFormerKeys(data, first)).rejects.toMatchObject({ code: 'IDENTITY_INVALID' })
})

test('an encrypted key is followed by one behind the same passphrase', async () => {
  const { word, start, bookOf, found, keys } = await setup()
  await found()
  const old = await start()
  await keys(`encrypt --passphrase-file ${word}`)
  await expect(keys('rotate')).rejects.toMatchObject({ code: 'KEY_LOCKED' })
  await keys('rotate', word)
  await expect(start()).rejects.toMatchObject({ code: 'KEY_LOCKED' })
  const next = await start(word)
  expect((await bookOf(next)).roll?.heirOf(old.peer)).toBe(next.peer)
  expect((await keys('show')).document).toMatchObject({ peer: next.peer, encrypted: true })
})

test('where nobody would know it again, a node keeps its key', async () => {
  const { data, start, bookOf, found, keys } = await setup()
  const { peer } = await start()
  await expect(keys('rotate')).rejects.toMatchObject({ code: 'SUCCESSION_REFUSED' })
  await found('lab')
  await expect(keys('rotate')).rejects.toMatchObject({ code: 'SUCCESSION_REFUSED' })
  const owner = await testIdentity(9)
  await rename(join(data, 'swarm-lab.members.json'), join(data, LIST))
  const book = await bookOf(owner)
  expect(book.roll?.roleOf(owner.peer)).toBeUndefined()
  await rm(join(data, LIST))
  const home = await bookOf(owner)
  await home.found({ swarm: '00112233aabbccdd', key: KEY, members: [{ peer, name: 'me' }] })
  await home.remove(peer)
  await expect(keys('rotate')).rejects.toMatchObject({ code: 'SUCCESSION_REFUSED' })
  expect((await start()).peer).toBe(peer)
})

test('a running node keeps its key, and it is said how to go on', async () => {
  const { clock, paths, found, keys } = await setup()
  await found()
  await prepareHome(paths)
  const lock = await lockProfile({ clock }, paths)
  beginRun({ clock }, { path: paths.run, pid: process.pid, socket: paths.socket, version: '0' })
  try {
    await expect(keys('rotate')).rejects.toMatchObject({
      code: 'PROFILE_LOCKED',
      details: { suggestion: expect.stringContaining('lumos down') }
    })
  } finally {
    lock.release()
  }
})

test('what was broken off is gone on with, and nothing starts before', async () => {
  const { word, data, start, bookOf, found, keys } = await setup()
  await found()
  await found('lab', 'ffeeddccbbaa9988')
  await keys(`encrypt --passphrase-file ${word}`)
  const before = await readFile(join(data, 'node.key'), 'utf8')
  const untold = await readFile(join(data, 'swarm-lab.members.json'), 'utf8')
  await keys('rotate', word)
  const after = await readFile(join(data, 'node.key'), 'utf8')
  const next = await start(word)
  // As if the power had gone after the first of the two swarms.
  await writeFile(join(data, 'node.key'), before)
  await writeFile(join(data, 'node.key.next'), after)
  await writeFile(join(data, 'swarm-lab.members.json'), untold)
  await rm(join(data, `former-${next.peer}.keys`))
  await expect(start(word)).rejects.toMatchObject({ code: 'KEY_ROTATING' })
  await expect(keys('decrypt', word)).rejects.toMatchObject({ code: 'KEY_ROTATING' })
  const { document } = await keys('rotate', word)
  expect(document).toMatchObject({ peer: next.peer, swarms: ['home', 'lab'] })
  expect((await start(word)).peer).toBe(next.peer)
  for (const name of ['home', 'lab']) {
    expect((await bookOf(next, name)).roll?.roleOf(next.peer)).toBe('owner')
  }
  expect(await readFormerKeys(data, next)).toHaveLength(1)
})

test('a key from a backup that was given up since is not given another heir', async () => {
  const { data, start, found, keys } = await setup()
  await found()
  const old = await start()
  const backup = await readFile(join(data, 'node.key'))
  await keys('rotate')
  const { peer: heir } = await start()
  await writeFile(join(data, 'node.key'), backup)
  await expect(keys('rotate')).rejects.toMatchObject({
    code: 'KEY_SUCCEEDED',
    details: { peer: old.peer, heir }
  })
})

test('it stands in the audit log, without a word of the key', async () => {
  const { clock, data, found, keys } = await setup()
  await found()
  await keys('rotate')
  const directory = join(data, 'audit')
  const audit = createAuditLog({ clock, logger: silentLogger }, { directory })
  await audit.start()
  expect(await Array.fromAsync(audit.read())).toMatchObject([{ who: 'local', did: 'rotateKey' }])
  await audit.stop()
})
