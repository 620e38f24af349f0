import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  createFileAtomic,
  readFileBounded,
  writeFileAtomic,
  writeJsonAtomic
} from '../../../storage/atomic-file.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

async function setup() {
  const directory = await temporaryDirectory()
  return { directory, path: join(directory, 'file') }
}

test('replaces a file and leaves nothing else behind', async () => {
  const { directory, path } = await setup()
  await writeFileAtomic(path, 'old')
  await writeFileAtomic(path, 'new')
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(directory)).toEqual(['file'])
})

test('keeps other users out unless told otherwise', async () => {
  const { path } = await setup()
  await writeFileAtomic(path, 'secret')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await writeFileAtomic(path, 'public', { mode: 0o644 })
  expect((await stat(path)).mode & 0o777).toBe(0o644)
})

test('a failed write keeps the old content and removes its temporary file', async () => {
  const { directory, path } = await setup()
  await mkdir(path)
  await expect(writeFileAtomic(path, 'text')).rejects.toThrow(/EISDIR|directory/)
  expect(await readdir(directory)).toEqual(['file'])
})

test('exactly one of many creators wins, and its content stays', async () => {
  const { directory, path } = await setup()
  const results = await Promise.all(
    Array.from({ length: 16 }, async (_, index) => createFileAtomic(path, String(index)))
  )
  expect(results.filter(Boolean)).toHaveLength(1)
  expect(await readFile(path, 'utf8')).toBe(String(results.indexOf(true)))
  expect(await readdir(directory)).toEqual(['file'])
})

test('readers during many writes see whole documents only', async () => {
  const { path } = await setup()
  await writeJsonAtomic(path, { round: -1 })
  const rounds = Array.from({ length: 40 }, (_, round) => round)
  const write = (async () => {
    for (const round of rounds) await writeJsonAtomic(path, { round, fill: 'x'.repeat(10_000) })
  })()
  for (const _ of rounds) {
    expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty('round')
  }
  await write
  expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty('round', 39)
})

test('an absent file is undefined; links, folders and large files are refused', async () => {
  const { directory, path } = await setup()
  expect(await readFileBounded(path, 10)).toBeUndefined()
  await writeFile(path, '0123456789')
  expect((await readFileBounded(path, 10))?.content.toString()).toBe('0123456789')
  await expect(readFileBounded(path, 9)).rejects.toThrow('larger than 9')
  await symlink(path, join(directory, 'link'))
  await expect(readFileBounded(join(directory, 'link'), 10)).rejects.toThrow('ELOOP')
  await expect(readFileBounded(directory, 10)).rejects.toThrow('not a regular file')
})
