/** Writable folders: whole files, only below them, whatever links are put in the way. */
import {
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  unlink,
  writeFile
} from 'node:fs/promises'
import { join } from 'node:path'
import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { expect, test } from 'vitest'
import { createWritableFolders } from '../../../../agents/files/writable-folders.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const denied = { code: 'PATH_DENIED' }

/** Whether it went well does not matter. */
function tried(step: Promise<unknown>): Promise<unknown> {
  return step.catch(() => undefined)
}

async function setup(names: readonly string[] = ['work']) {
  const folder = await temporaryDirectory()
  const [root, outside] = [join(folder, 'work'), join(folder, 'outside')]
  for (const name of ['outside', ...names]) await mkdir(join(folder, name))
  await writeFile(join(outside, 'kept'), 'CANARY')
  const folders = createWritableFolders(names.map((name) => join(folder, name)))
  const write = (path: string, text = 'new', createOnly = false): Promise<boolean | undefined> =>
    folders.write(path, Buffer.from(text), { createOnly })
  return { folder, root, outside, write }
}

test('a file is written whole, with the folders that it needs, and nothing else stays', async () => {
  const { root, write } = await setup()
  expect(await write('a/b/c.txt', 'one')).toBe(true)
  expect(await write('a/b/c.txt', 'two')).toBe(false)
  expect(await readFile(join(root, 'a/b/c.txt'), 'utf8')).toBe('two')
  expect(await readdir(join(root, 'a/b'))).toEqual(['c.txt'])
})

test('a file that is there is kept when it must be, also by two at the same time', async () => {
  const { root, write } = await setup()
  const both = await Promise.allSettled([write('a', '1', true), write('a', '2', true)])
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await expect(write('a', '3', true)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  expect(await readFile(join(root, 'a'), 'utf8')).toMatch(/^[12]$/)
  expect(await readdir(root)).toEqual(['a'])
})

test('what may be run stays so, and nothing becomes so', async () => {
  const { root, write } = await setup()
  await writeFile(join(root, 'run.sh'), '', { mode: 0o750 })
  await write('run.sh')
  await write('plain')
  expect((await stat(join(root, 'run.sh'))).mode & 0o777).toBe(0o750)
  expect((await stat(join(root, 'plain'))).mode & 0o111).toBe(0)
})

test.for(['..', '../outside/kept', '/etc/x', '', '.', '.env', 'a/.git/config', 'a\0', 'a\\b'])(
  'refuses %j without looking',
  async (path) => {
    const { write } = await setup()
    await expect(write(path)).rejects.toMatchObject(denied)
  }
)

test('no link is written through, nor to', async () => {
  const { root, outside, write } = await setup()
  await mkdir(join(root, 'inside'))
  await symlink(outside, join(root, 'out'))
  await symlink('inside', join(root, 'in'))
  await symlink(join(outside, 'kept'), join(root, 'file'))
  await symlink(join(outside, 'new'), join(root, 'dangling'))
  for (const path of ['out/kept', 'out/new', 'in/x', 'file', 'dangling', 'out']) {
    await expect(write(path)).rejects.toMatchObject(denied)
  }
  expect(await readdir(outside)).toEqual(['kept'])
  expect(await readFile(join(outside, 'kept'), 'utf8')).toBe('CANARY')
})

test('what is no file is not replaced by one', async () => {
  const { root, write } = await setup()
  await mkdir(join(root, 'folder'))
  await writeFile(join(root, 'file'), '')
  await expect(write('folder')).rejects.toMatchObject(denied)
  await expect(write('file/x')).rejects.toMatchObject(denied)
})

test('with several folders a path says which', async () => {
  const { folder, write } = await setup(['work', 'more'])
  expect(await write('more/x')).toBe(true)
  expect(await write('x')).toBeUndefined()
  expect(await write('more')).toBeUndefined()
  expect(await readdir(join(folder, 'more'))).toEqual(['x'])
})

test('a file that is too large is not begun', async () => {
  const { root, write } = await setup()
  const huge = 'x'.repeat(LIMITS.fileWriteBytes.value + 1)
  await expect(write('a', huge)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  expect(await readdir(root)).toEqual([])
})

test('whatever is asked for, nothing outside is ever changed', async () => {
  const { root, outside, write } = await setup()
  await symlink('../outside', join(root, 'out'))
  const piece = constantFrom('..', 'out', 'a', 'kept', 'work', 'outside', '/', '', '.')
  await assert(
    asyncProperty(array(piece, { maxLength: 5 }), async (pieces) => {
      await write(pieces.join('/')).catch(() => undefined)
      expect(await readdir(outside)).toEqual(['kept'])
      expect(await readFile(join(outside, 'kept'), 'utf8')).toBe('CANARY')
    }),
    { numRuns: 200 }
  )
})

// Somebody swaps a folder for a link, again and again, while files are written below it.
test('a folder that becomes a link underway leads nowhere', async () => {
  const { root, outside, write } = await setup()
  const folder = join(root, 'a')
  await mkdir(folder)
  async function swap(): Promise<void> {
    for (let round = 0; round < 100; round += 1) {
      await tried(rename(folder, join(root, `aside-${round}`)))
      await tried(symlink(outside, folder))
      await tried(unlink(folder))
      await tried(mkdir(folder))
    }
  }
  const names = Array.from({ length: 300 }, (_, index) => `a/${index}`)
  await Promise.allSettled([swap(), ...names.map((name) => write(name))])
  expect(await readdir(outside)).toEqual(['kept'])
  await expect(write('a/afterwards')).resolves.toBeDefined()
})
