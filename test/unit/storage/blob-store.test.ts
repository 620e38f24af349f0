import { createHash } from 'node:crypto'
import { appendFile, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BLOB_CHUNK_BYTES, blobManifest } from '../../../core/blob.ts'
import type { BlobManifest } from '../../../core/blob.ts'
import { LIMITS } from '../../../core/limits.ts'
import { openBlobStore } from '../../../storage/blob-store.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import { chunksOf, content, inPieces } from '../../support/blobs.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const CHUNK = BLOB_CHUNK_BYTES

async function setup(init: { limitBytes?: number } = {}) {
  const directory = join(await temporaryDirectory(), 'blobs')
  const clock = new ManualClock()
  const components = { clock, random: seededRandom(1) }
  const reopen = () => openBlobStore(components, { directory, ...init })
  return { directory, clock, reopen, store: await reopen() }
}

async function readAll(store: BlobStore, hash: string): Promise<Buffer> {
  const reader = await store.open(hash)
  if (reader === undefined) throw new Error('the blob is not there')
  try {
    const parts: Uint8Array[] = []
    for (const chunk of reader.manifest.chunks.keys()) parts.push(await reader.read(chunk))
    return Buffer.concat(parts)
  } finally {
    await reader.close()
  }
}

function sha(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

async function* broken() {
  yield content(2 * CHUNK)
  throw new Error('the source broke')
}

async function* endless() {
  for (;;) yield content(CHUNK)
}

function manifestOf(bytes: Uint8Array): BlobManifest {
  const chunks = chunksOf(bytes).map((chunk) => createHash('sha256').update(chunk).digest('hex'))
  return blobManifest(bytes.length, chunks)
}

test.for([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])(
  'what is put is read again, also after a restart: %i bytes',
  async (length) => {
    const { store, reopen } = await setup()
    const bytes = content(length)
    const manifest = await store.put(inPieces(bytes, 100_000))
    expect(manifest).toEqual(manifestOf(bytes))
    expect(await readAll(store, manifest.hash)).toEqual(Buffer.from(bytes))
    const again = await reopen()
    expect(again.has(manifest.hash)).toBe(true)
    expect(again.bytes).toBe(store.bytes)
    expect(await readAll(again, manifest.hash)).toEqual(Buffer.from(bytes))
  }
)

test('the name of a blob is that of the specification', async () => {
  const bytes = content(CHUNK + 5)
  const size = Buffer.alloc(6)
  size.writeUIntBE(CHUNK + 5, 0, 6)
  const list = [sha(bytes.subarray(0, CHUNK)), sha(bytes.subarray(CHUNK))]
  const expected = sha(Buffer.from('lumos/blob/1'), size, ...list).toString('hex')
  const { store } = await setup()
  expect((await store.put(inPieces(bytes, 7000))).hash).toBe(expected)
})

test('a bit that flips on disk is noticed, and the blob is gone', async () => {
  const { store, directory } = await setup()
  const { hash } = await store.put(inPieces(content(CHUNK + 9), CHUNK))
  const file = await readFile(join(directory, hash))
  file[CHUNK + 3] = (file[CHUNK + 3] ?? 0) ^ 4
  await writeFile(join(directory, hash), file)
  await expect(readAll(store, hash)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  expect([store.has(hash), store.bytes, await readdir(directory)]).toEqual([false, 0, []])
})

test.for([0, 3, 40, CHUNK])('a file that lost its end is noticed: %i bytes left', async (left) => {
  const { store, directory } = await setup()
  const { hash } = await store.put(inPieces(content(CHUNK + 9), CHUNK))
  await truncate(join(directory, hash), left)
  await expect(store.open(hash)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  expect(store.has(hash)).toBe(false)
})

test('what fails half way leaves nothing', async () => {
  const { store, directory } = await setup()
  await expect(store.put(broken())).rejects.toThrow('the source broke')
  expect([store.bytes, await readdir(directory)]).toEqual([0, []])
})

test('a blob has a largest size, and all of them have, too', async () => {
  const { store } = await setup({ limitBytes: 3 * CHUNK })
  await expect(store.put(endless())).rejects.toMatchObject({ code: 'BLOBS_FULL' })
  const size = LIMITS.blobBytes.value + 1
  expect(() => blobManifest(size, [])).toThrow(/may have/)
  const { hash } = await store.put(inPieces(content(2 * CHUNK), CHUNK))
  await expect(store.receive(manifestOf(content(2 * CHUNK + 1)))).rejects.toMatchObject({
    code: 'BLOBS_FULL'
  })
  await store.delete(hash)
  expect(store.bytes).toBe(0)
  await (await store.receive(manifestOf(content(2 * CHUNK + 1)))).close()
})

test('what came of a blob is there after a crash, up to the chunk that was torn', async () => {
  const { store, reopen, directory } = await setup()
  const bytes = content(3 * CHUNK + 1)
  const manifest = manifestOf(bytes)
  const [first, second, third, last] = chunksOf(bytes)
  const before = await store.receive(manifest)
  await before.write(first ?? bytes)
  await before.write(second ?? bytes)
  await before.close()
  await appendFile(join(directory, `${manifest.hash}.part`), Buffer.alloc(CHUNK))
  const again = await reopen()
  expect(again.has(manifest.hash)).toBe(false)
  const after = await again.receive(manifest)
  expect(after.next).toBe(2)
  await expect(after.write(first ?? bytes)).rejects.toMatchObject({ code: 'BLOB_INVALID' })
  await after.write(third ?? bytes)
  await after.write(last ?? bytes)
  await after.finish()
  await after.close()
  expect(await readAll(again, manifest.hash)).toEqual(Buffer.from(bytes))
  expect(await readdir(directory)).toEqual([manifest.hash])
  expect(again.bytes).toBe((await reopen()).bytes)
})

test('a put that was killed is cleared away; what waits too long for its rest, too', async () => {
  const { store, reopen, directory } = await setup()
  const manifest = manifestOf(content(2 * CHUNK))
  await (await store.receive(manifest)).close()
  await writeFile(join(directory, `put-${'0'.repeat(32)}.part`), 'half')
  const again = await reopen()
  expect(await readdir(directory)).toEqual([`${manifest.hash}.part`])
  await utimes(join(directory, `${manifest.hash}.part`), 1000, 1000)
  await again.deletePartials(1_000_000)
  expect(await readdir(directory)).toHaveLength(1)
  await again.deletePartials(1_000_001)
  expect([await readdir(directory), again.bytes]).toEqual([[], 0])
})

test('putting a blob again renews its time', async () => {
  const { store, clock } = await setup()
  await store.put(inPieces(content(10), 10))
  await clock.advance(5000)
  await store.put(inPieces(content(10), 3))
  expect(store.blobs()).toMatchObject([{ touchedAt: 5000 }])
})
