/** Which blobs stay, and what happens when there is nobody to fetch them from. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createBlobReferences } from '../../../../memory/blobs/blob-references.ts'
import { nameBlob } from '../../../../memory/blobs/blob-names.ts'
import type { BlobName } from '../../../../memory/blobs/blob-names.ts'
import { createBlobs } from '../../../../memory/blobs/blobs.ts'
import type { BlobClient } from '../../../../protocols/blob/client.ts'
import { openBlobStore } from '../../../../storage/blob-store.ts'
import { content } from '../../../support/blobs.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { testReplica } from '../../../support/memory-replica.ts'
import { seededRandom } from '../../../support/random.ts'
import { searchedSpace } from '../../../support/searched-space.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const HOUR = LIMITS.blobGrace.value

async function setup(client: BlobClient = { open: async () => undefined }) {
  const disk = await testReplica()
  const clock = new ManualClock()
  const random = seededRandom(1)
  const space = searchedSpace(disk.replica, { now: () => disk.clock.at })
  const directory = join(await temporaryDirectory(), 'blobs')
  const store = await openBlobStore({ clock, random }, { directory })
  const blobs = createBlobs({
    clock,
    random,
    logger: silentLogger,
    store,
    client,
    peers: () => ['peer'],
    onOffence: () => undefined,
    references: createBlobReferences({ store: () => disk.store, spaces: () => [space] }),
    mayRead: (id, peer) => id === disk.replica.space.id && peer === 'friend'
  })
  await blobs.start()
  onTestFinished(() => blobs.stop())
  const name = (key: string, blob: BlobName) =>
    disk.replica.write({ key, value: Buffer.from(JSON.stringify(nameBlob(blob))) })
  const drop = (key: string) => disk.replica.write({ key, value: undefined })
  return { blobs, clock, store, name, drop }
}

test('a blob stays while any record names it, and goes when none has for an hour', async () => {
  const { blobs, clock, store, name, drop } = await setup()
  const blob = await blobs.put(content(100))
  await name('a', blob)
  await name('b', blob)
  await clock.advance(2 * HOUR)
  expect(await blobs.collect()).toBe(0)
  await drop('a')
  expect(await blobs.collect()).toBe(0)
  await drop('b')
  expect(await blobs.collect()).toBe(1)
  expect(store.has(blob.hash)).toBe(false)
})

test('whoever puts a blob has an hour to name it, also when it was there already', async () => {
  const { blobs, clock, store } = await setup()
  const { hash } = await blobs.put(content(100))
  await clock.advance(HOUR)
  await blobs.put(content(100))
  await clock.advance(HOUR / 2)
  expect(store.has(hash)).toBe(true)
  expect(await blobs.collect()).toBe(0)
  await clock.advance(HOUR)
  await blobs.collect()
  expect(store.has(hash)).toBe(false)
})

test('a peer gets what a record names in a space that it may read, and nothing else', async () => {
  const { blobs, name } = await setup()
  const blob = await blobs.put(content(100))
  expect(await blobs.findFor('friend', blob.hash)).toBeUndefined()
  await name('a', blob)
  expect(await blobs.findFor('stranger', blob.hash)).toBeUndefined()
  const reader = await blobs.findFor('friend', blob.hash)
  expect(reader?.manifest.size).toBe(100)
  await reader?.close()
})

test('a reader that gives up leaves the fetch to the others, and a stop ends it', async () => {
  const asked = Promise.withResolvers<AbortSignal>()
  const { blobs } = await setup({
    open(_peer, _hash, signal) {
      asked.resolve(signal)
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
  })
  const impatient = new AbortController()
  const reading = Array.fromAsync(blobs.get('0'.repeat(64), impatient.signal))
  const other = Array.fromAsync(blobs.get('0'.repeat(64)))
  const signal = await asked.promise
  impatient.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  expect(signal.aborted).toBe(false)
  await Promise.all([expect(other).rejects.toMatchObject({ code: 'SHUTTING_DOWN' }), blobs.stop()])
})
