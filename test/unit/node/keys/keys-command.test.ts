import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import { resolvePaths } from '../../../../core/paths.ts'
import { Secret } from '../../../../core/secret.ts'
import { runKeysCommand } from '../../../../node/keys/keys-command.ts'
import { lockProfile } from '../../../../node/daemon/profile-lock.ts'
import { beginRun } from '../../../../node/daemon/run-file.ts'
import { createAuditLog } from '../../../../trust/audit-log.ts'
import { loadOrCreateIdentity } from '../../../../trust/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const WORD = 'correct horse battery'

async function setup() {
  const folder = await temporaryDirectory()
  const word = join(folder, 'word')
  await writeFile(word, `${WORD}\n`)
  const clock = new ManualClock()

  function profile(name: string) {
    const paths = resolvePaths({ LUMOS_HOME: join(folder, name), LUMOS_RUNTIME_DIR: folder })
    const answers: string[] = []
    const init = {
      clock,
      random: seededRandom(1),
      paths,
      swarm: 'home',
      cost: 10,
      ask: async () => {
        const answer = answers.shift()
        return answer === undefined ? undefined : new Secret(answer)
      }
    }
    return {
      paths,
      answers,
      key: join(paths.data, 'node.key'),
      start: (passphraseFile?: string) =>
        loadOrCreateIdentity(paths.data, silentLogger, {
          ...(passphraseFile !== undefined && { passphraseFile })
        }),
      keys: (line: string, passphraseFile?: string) =>
        runKeysCommand(line.split(' '), { ...init, passphraseFile })
    }
  }

  return { folder, word, profile, clock }
}

test('an exported key makes another machine the same node', async () => {
  const { folder, word, profile } = await setup()
  const [old, fresh] = [profile('old'), profile('fresh')]
  const { peer } = await old.start()
  const copy = join(folder, 'copy.key')
  await old.keys(`export ${copy} --passphrase-file ${word}`)
  expect((await stat(copy)).mode & 0o777).toBe(0o600)
  const secret = (await readFile(old.key, 'utf8')).trim()
  expect(await readFile(copy, 'utf8')).not.toContain(secret.slice(10, 40))
  fresh.answers.push(WORD)
  expect((await fresh.keys(`import ${copy}`)).document).toEqual({ v: 1, peer })
  expect((await fresh.start()).peer).toBe(peer)
  await expect(old.keys(`export ${copy} --passphrase-file ${word}`)).rejects.toMatchObject({
    code: 'USAGE'
  })
})

test('import never takes away a key without being told, and then keeps it', async () => {
  const { folder, word, profile } = await setup()
  const [one, two] = [profile('one'), profile('two')]
  const copy = join(folder, 'copy.key')
  const { peer } = await one.start()
  const before = await two.start()
  await one.keys(`export ${copy} --passphrase-file ${word}`)
  const line = `import ${copy} --passphrase-file ${word}`
  await expect(two.keys(line)).rejects.toMatchObject({
    code: 'KEY_EXISTS',
    details: { peer: before.peer }
  })
  expect((await two.start()).peer).toBe(before.peer)
  const kept = await readFile(two.key, 'utf8')
  const { document } = await two.keys(`${line} --force`)
  expect(document).toMatchObject({ peer, backup: `${two.key}.19700101T000000` })
  expect(await readFile(`${two.key}.19700101T000000`, 'utf8')).toBe(kept)
  expect((await two.start()).peer).toBe(peer)
})

test('a wrong passphrase changes nothing', async () => {
  const { folder, word, profile } = await setup()
  const { start, keys, answers } = profile('one')
  const { peer } = await start()
  const copy = join(folder, 'copy.key')
  await keys(`export ${copy} --passphrase-file ${word}`)
  answers.push('something else entirely')
  await expect(keys(`import ${copy} --force`)).rejects.toMatchObject({ code: 'KEY_PASSPHRASE' })
  expect((await start()).peer).toBe(peer)
})

test('an encrypted key starts with its passphrase only, until it is decrypted', async () => {
  const { word, profile } = await setup()
  const { start, keys, key, answers } = profile('one')
  const { peer } = await start()
  const plain = (await readFile(key, 'utf8')).trim()
  answers.push(WORD, WORD)
  await keys('encrypt')
  expect(await readFile(key, 'utf8')).not.toContain(plain.slice(10, 40))
  expect((await keys('show')).document).toEqual({ v: 1, peer, path: key, encrypted: true })
  await expect(start()).rejects.toMatchObject({ code: 'KEY_LOCKED' })
  await expect(start(`${word}.none`)).rejects.toMatchObject({ code: 'KEY_LOCKED' })
  expect((await start(word)).peer).toBe(peer)
  await keys('decrypt', word)
  expect((await start()).peer).toBe(peer)
})

test('a new passphrase is long, and typed twice', async () => {
  const { profile } = await setup()
  const { start, keys, answers } = profile('one')
  await start()
  for (const typed of [['short', 'short'], [WORD, `${WORD}!`], []]) {
    answers.splice(0, 2, ...typed)
    // oxlint-disable-next-line no-await-in-loop -- one profile, one command at a time
    await expect(keys('encrypt')).rejects.toMatchObject({ code: 'USAGE' })
  }
  expect((await keys('show')).document).toMatchObject({ encrypted: false })
})

test('what changes the key needs the node to be down, and is noted without a word of it', async () => {
  const { word, profile, clock } = await setup()
  const { start, keys, paths } = profile('one')
  await start()
  await keys(`encrypt --passphrase-file ${word}`)
  const audit = createAuditLog(
    { clock, logger: silentLogger },
    { directory: join(paths.data, 'audit') }
  )
  await audit.start()
  expect(await Array.fromAsync(audit.read())).toEqual([
    { number: 1, at: 0, who: 'local', did: 'encryptKey', allowed: true }
  ])
  await audit.stop()
  const lock = await lockProfile({ clock }, paths)
  beginRun({ clock }, { path: paths.run, pid: process.pid, socket: paths.socket, version: '0' })
  try {
    await expect(keys('decrypt', word)).rejects.toMatchObject({ code: 'PROFILE_LOCKED' })
  } finally {
    lock.release()
  }
})

test('only the user can read what is there', async () => {
  const { word, profile } = await setup()
  const { start, keys, paths } = profile('one')
  await start()
  await chmod(word, 0o400)
  await keys(`encrypt --passphrase-file ${word}`)
  for (const name of await readdir(paths.data)) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of files
    expect((await stat(join(paths.data, name))).mode & 0o077).toBe(0)
  }
})
