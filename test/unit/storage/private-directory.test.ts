import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ensurePrivateDirectory } from '../../../storage/private-directory.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

test('makes a folder, its parents included, that only its owner may enter', async () => {
  const path = join(await temporaryDirectory(), 'a', 'b')
  await ensurePrivateDirectory(path)
  await ensurePrivateDirectory(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test('takes rights away from a folder that is too open', async () => {
  const path = await temporaryDirectory()
  await chmod(path, 0o777)
  await ensurePrivateDirectory(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test('refuses a symbolic link, a file and a folder of another user', async () => {
  const root = await temporaryDirectory()
  await mkdir(join(root, 'real'))
  await symlink(join(root, 'real'), join(root, 'link'))
  await expect(ensurePrivateDirectory(join(root, 'link'))).rejects.toMatchObject({
    code: 'HOME_UNUSABLE',
    details: { reason: 'it is a symbolic link' }
  })
  await writeFile(join(root, 'file'), '')
  await expect(ensurePrivateDirectory(join(root, 'file'))).rejects.toMatchObject({
    code: 'HOME_UNUSABLE'
  })
  vi.spyOn(process, 'getuid').mockReturnValue(123_456)
  await expect(ensurePrivateDirectory(join(root, 'real'))).rejects.toMatchObject({
    code: 'HOME_UNUSABLE',
    details: { reason: 'it belongs to another user' }
  })
})
