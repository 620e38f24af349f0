import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolvePaths } from '../../../../core/paths.ts'
import { prepareHome } from '../../../../node/daemon/home.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function setup() {
  const folder = await temporaryDirectory()
  const home = join(folder, 'home')
  const runtime = join(folder, 'run')
  const paths = resolvePaths({ LUMOS_HOME: home, LUMOS_RUNTIME_DIR: runtime })
  return { folder, home, paths }
}

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

test('makes all folders for this user alone, and leaves nothing else in them', async () => {
  const { home, paths } = await setup()
  await prepareHome(paths)
  await prepareHome(paths)
  for (const path of [home, paths.data, paths.state, paths.runtime]) {
    expect([path, await mode(path)]).toEqual([path, 0o700])
  }
  expect(await readdir(paths.data)).toEqual([])
  expect(await readdir(paths.state)).toEqual([])
})

test('leaves the rights of a folder that was there to its owner, not those of what is private', async () => {
  const { home, paths } = await setup()
  await mkdir(paths.data, { recursive: true })
  await chmod(home, 0o755)
  await chmod(paths.data, 0o755)
  await prepareHome(paths)
  expect(await mode(home)).toBe(0o755)
  expect(await mode(paths.data)).toBe(0o700)
})

test('says which folder cannot be used, and why', async () => {
  const { home, paths } = await setup()
  await writeFile(home, 'a file')
  await expect(prepareHome(paths)).rejects.toMatchObject({
    code: 'HOME_UNUSABLE',
    details: { path: home, reason: 'it is not a folder' }
  })
  const below = resolvePaths({ LUMOS_HOME: join(home, 'deeper') })
  await expect(prepareHome(below)).rejects.toMatchObject({
    details: { reason: 'not a directory (ENOTDIR)' }
  })
  const nowhere = resolvePaths({ LUMOS_HOME: '/proc/lumos' })
  await expect(prepareHome(nowhere)).rejects.toMatchObject({
    code: 'HOME_UNUSABLE',
    details: { path: '/proc/lumos' }
  })
})

test('does not walk into a link that somebody planted', async () => {
  const { folder, paths } = await setup()
  await mkdir(join(folder, 'elsewhere'))
  await symlink(join(folder, 'elsewhere'), paths.runtime)
  await expect(prepareHome(paths)).rejects.toMatchObject({
    code: 'HOME_UNUSABLE',
    details: { path: paths.runtime }
  })
})
