/** Shared folders: what can be reached, and that nothing else can, even when links change underway. */
import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { array, assert, asyncProperty, constantFrom, property, string } from 'fast-check'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseSharePath } from '../../../../agents/files/share-path.ts'
import { createSharedFolders } from '../../../../agents/files/shared-folders.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { seededRandom } from '../../../support/random.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const never = new AbortController().signal

/** `shared/` with a note, `secret/` beside it with a key. */
async function setup(rootNames: readonly string[] = ['shared']) {
  const folder = await temporaryDirectory()
  const [root, outside] = [join(folder, 'shared'), join(folder, 'secret')]
  await mkdir(join(root, 'docs'), { recursive: true })
  await mkdir(outside)
  await writeFile(join(outside, 'key.txt'), 'CANARY')
  await writeFile(join(root, 'docs', 'note.md'), 'a note')
  const folders = createSharedFolders(rootNames.map((name) => join(folder, name)))
  const read = async (path: string): Promise<string | undefined> => {
    const bytes = await folders.read(path, never)
    return bytes && Buffer.from(bytes).toString()
  }
  const list = async (path: string): Promise<readonly string[] | undefined> =>
    (await folders.list(path, never))?.entries.map(({ name }) => name)
  return { folder, root, outside, folders, read, list }
}

const denied = { code: 'PATH_DENIED' }

test('a path that is accepted stays below its folder, as the naive join says', () => {
  const piece = constantFrom('..', '.', '', 'a', 'b.txt', '...', '%2e%2e', '．．', '~', '\0', '\\')
  const paths = array(piece, { maxLength: 6 }).map((pieces) => pieces.join('/'))
  assert(
    property(paths, (path) => {
      const names = parseSharePath(path)
      if (names === undefined) return
      const joined = posix.join('/root', ...names)
      expect(joined).toBe(posix.join('/root', path).replace(/(?<=.)\/$/, ''))
      expect(`${joined}/`.startsWith('/root/')).toBe(true)
      expect(names).not.toContain('..')
    })
  )
})

test('whatever is asked for, nothing outside is ever returned', async () => {
  const { root, outside, read } = await setup()
  await symlink(outside, join(root, 'out'))
  await symlink('../secret', join(root, 'docs', 'out'))
  const piece = constantFrom('..', 'out', 'docs', 'secret', 'key.txt', 'note.md', 'shared', '/', '')
  await assert(
    asyncProperty(array(piece, { maxLength: 6 }), string({ maxLength: 3 }), async (pieces, end) => {
      const found = await read(pieces.join('/') + end).catch(() => undefined)
      expect([undefined, 'a note']).toContain(found)
    }),
    { numRuns: 300 }
  )
})

test.for([
  '..',
  '../secret',
  '/etc/passwd',
  '~/x',
  'docs/../docs',
  '.env',
  'docs/.git',
  'a\0b',
  'a\\b'
])('refuses %j without looking', async (path) => {
  const { read, list } = await setup()
  await expect(read(path)).rejects.toMatchObject(denied)
  await expect(list(path)).rejects.toMatchObject(denied)
})

test('a link that leads out is refused whether its target exists or not', async () => {
  const { root, outside, read } = await setup()
  await symlink(join(outside, 'key.txt'), join(root, 'real'))
  await symlink(join(outside, 'no such key'), join(root, 'dangling'))
  const answers = await Promise.all(
    ['real', 'dangling'].map((path) => read(path).catch((error: Error) => error.message))
  )
  expect(answers[0]).toBe(answers[1])
})

test('links that stay inside are followed, through folders and in chains', async () => {
  const { root, read, list } = await setup()
  await symlink('docs', join(root, 'papers'))
  await symlink('papers/note.md', join(root, 'first'))
  await symlink(join(root, 'first'), join(root, 'second'))
  expect(await read('second')).toBe('a note')
  expect(await list('papers')).toEqual(['note.md'])
})

test('a link to itself is nothing', async () => {
  const { root, read } = await setup()
  await symlink('loop', join(root, 'loop'))
  expect(await read('loop')).toBeUndefined()
})

test('a link to something hidden is refused', async () => {
  const { root, read } = await setup()
  await writeFile(join(root, '.env'), 'CANARY')
  await symlink('.env', join(root, 'settings'))
  await expect(read('settings')).rejects.toMatchObject(denied)
})

test('/proc is no folder of files, even when all of the machine is shared', async () => {
  const { read } = await setup(['/../../../../../../../'])
  await expect(read('proc/self/environ')).rejects.toMatchObject(denied)
})

test('hidden names are not listed', async () => {
  const { root, list } = await setup()
  await writeFile(join(root, '.env'), '')
  await writeFile(join(root, 'b\u202Etxt.exe'), '')
  expect(await list('')).toEqual(['docs'])
})

test('a folder that does not exist yet shares nothing until it does', async () => {
  const { folder, read, list } = await setup(['later'])
  expect(await list('')).toBeUndefined()
  await mkdir(join(folder, 'later'))
  await writeFile(join(folder, 'later', 'x'), 'now')
  expect(await read('x')).toBe('now')
})

test('several folders are listed by name, and searched in their order', async () => {
  const { folder, read, list } = await setup(['shared', 'secret'])
  await writeFile(join(folder, 'shared', 'key.txt'), 'shared key')
  expect(await list('')).toEqual(['shared', 'secret'])
  expect(await read('key.txt')).toBe('shared key')
  expect(await read('secret/key.txt')).toBe('CANARY')
})

test('a file above the limit is refused, one at the limit is not', async () => {
  const { root, folders } = await setup()
  const limit = LIMITS.fileBytes.value
  await writeFile(join(root, 'full'), Buffer.alloc(limit))
  await writeFile(join(root, 'over'), Buffer.alloc(limit + 1))
  expect((await folders.read('full', never))?.byteLength).toBe(limit)
  await expect(folders.read('over', never)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})

test('a long folder is cut off, and says so', async () => {
  const { root, folders } = await setup()
  const count = LIMITS.fileEntries.value + 1
  await Promise.all(
    Array.from({ length: count }, (_, i) => writeFile(join(root, 'docs', `${i}`), ''))
  )
  const listing = await folders.list('docs', never)
  expect(listing).toMatchObject({ truncated: true, entries: { length: count - 1 } })
})

test('reading stops when it is told to', async () => {
  const { folders } = await setup()
  const reason = new Error('enough')
  await expect(folders.read('docs/note.md', AbortSignal.abort(reason))).rejects.toBe(reason)
})

/** Swaps a folder for a link to the outside and back at odd moments, until told to stop. */
async function swapUntil(stopped: AbortSignal, root: string, outside: string): Promise<void> {
  const random = seededRandom(18)
  const turns = async (): Promise<void> => {
    for (let left = random.next() * 8; left > 1; left--) await nextTurn()
  }
  while (!stopped.aborted) {
    await turns()
    await rename(join(root, 'swap'), join(root, 'aside'))
    await symlink(outside, join(root, 'swap'))
    await turns()
    await unlink(join(root, 'swap'))
    await rename(join(root, 'aside'), join(root, 'swap'))
  }
}

test.for([
  ['outside', '../secret'],
  ['hidden', '.secret']
] as const)(
  'a folder that is swapped for a link in a loop never gives away what is %s',
  async ([, way]) => {
    const { root, read, list } = await setup()
    const other = join(root, way)
    await mkdir(other, { recursive: true })
    await mkdir(join(root, 'swap'))
    await writeFile(join(root, 'swap', 'key.txt'), 'inside')
    await writeFile(join(other, 'key.txt'), 'CANARY')
    await writeFile(join(other, 'only-there'), '')
    const stop = new AbortController()
    const swapping = swapUntil(stop.signal, root, other)
    const seen = new Set<unknown>()
    for (let round = 0; round < 1500; round++) {
      const [content, names] = await Promise.all([
        read('swap/key.txt').catch(() => 'refused'),
        list('swap').catch(() => ['refused'])
      ])
      seen.add(content)
      for (const name of names ?? []) seen.add(name)
    }
    stop.abort()
    await swapping
    expect(seen).not.toContain('CANARY')
    expect(seen).not.toContain('only-there')
    expect(seen).toContain('inside')
  }
)
