import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { blobsNamedIn, nameBlob, readBlobName } from '../../../../memory/blobs/blob-names.ts'
import { createBlobReferences } from '../../../../memory/blobs/blob-references.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { prefixRange } from '../../../../storage/store.ts'
import { NOON } from '../../../support/memory-arbitraries.ts'
import { testReplica } from '../../../support/memory-replica.ts'
import { searchedSpace } from '../../../support/searched-space.ts'

const HASHES = ['a', 'b', 'c'].map((digit) => digit.repeat(64))
const NEVER = new AbortController().signal

async function setup() {
  const disk = await testReplica()
  function open(replica: Replica) {
    const space = searchedSpace(replica, { now: () => disk.clock.at })
    const references = createBlobReferences({ store: () => disk.store, spaces: () => [space] })
    const put = (key: string, value: Json, expires?: number) =>
      replica.write({
        key,
        value: Buffer.from(JSON.stringify(value)),
        ...(expires !== undefined && { expires })
      })
    const drop = (key: string) => replica.write({ key, value: undefined })
    async function named(): Promise<string[]> {
      await references.refresh(NEVER)
      const found = []
      for (const hash of HASHES) {
        if ((await references.spacesNaming(hash)).length > 0) found.push(hash)
      }
      return found
    }
    return { replica, put, drop, named }
  }
  /** Keys that name blobs, as often as they do. */
  async function rows(): Promise<string[]> {
    const range = prefixRange(`mem/${disk.replica.space.id}/blob/h/`)
    const entries = await Array.fromAsync(disk.store.iterate(range))
    return entries.map(([row]) => row.slice(range.gte?.length).slice(65))
  }
  return { ...disk, rows, node: open(disk.replica), restart: async () => open(await disk.reopen()) }
}

function bytes(value: Json): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

type Action =
  | { readonly put: string; readonly hashes: readonly string[] }
  | { readonly delete: string }
  | 'look'
  | 'restart'

const KEYS = ['x', 'x/y', 'z']

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({ put: fc.constantFrom(...KEYS), hashes: fc.subarray(HASHES) }),
    fc.record({ delete: fc.constantFrom(...KEYS) }),
    fc.constantFrom('look' as const, 'restart' as const)
  ),
  { maxLength: 25 }
)

test('knows what a look at all records knows, after whatever was written and restarted', async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (taken) => {
      const { node: first, restart, rows } = await setup()
      let node = first
      const all = new Map<string, readonly string[]>()
      for (const action of taken) {
        if (action === 'look') await node.named()
        else if (action === 'restart') node = await restart()
        else if ('put' in action) {
          const { put, hashes } = action
          await node.put(put, { files: hashes.map((hash) => nameBlob({ hash, size: 1 })) })
          all.set(put, hashes)
        } else {
          await node.drop(action.delete)
          all.delete(action.delete)
        }
      }
      const right = HASHES.filter((hash) => [...all.values()].some((some) => some.includes(hash)))
      expect(await node.named()).toEqual(right)
      const keys = [...all].flatMap(([key, some]) => some.map(() => key))
      expect((await rows()).toSorted()).toEqual(keys.toSorted())
    }),
    { seed: 3, numRuns: 100 }
  )
})

test('a record that has expired keeps no blob', async () => {
  const { node, clock } = await setup()
  const [hash = ''] = HASHES
  await node.put('x', nameBlob({ hash, size: 1 }), NOON + 1000)
  expect(await node.named()).toEqual([hash])
  clock.at = NOON + 2000
  expect(await node.named()).toEqual([])
})

test('records that vanish before their time keep no blob', async () => {
  const { node, rows } = await setup()
  const [first = '', second = ''] = HASHES
  const { writer, sequence, id } = await node.put('x', nameBlob({ hash: first, size: 1 }))
  await node.put('z', nameBlob({ hash: second, size: 1 }))
  expect(await node.named()).toEqual([first, second])
  await node.replica.drop(writer, [{ sequence, id }])
  expect(await node.named()).toEqual([second])
  expect(await rows()).toEqual(['z'])
})

test('references whose position was lost are made anew', async () => {
  const { node, rows, store, replica } = await setup()
  const [hash = ''] = HASHES
  await node.put('x', nameBlob({ hash, size: 1 }))
  await node.named()
  await node.drop('x')
  await store.commit([{ type: 'del', key: `mem/${replica.space.id}/blob/at` }], { sync: true })
  await node.named()
  expect(await rows()).toEqual([])
})

test('a value names blobs wherever they stand in it, and no more than it may', () => {
  const [hash = ''] = HASHES
  expect(blobsNamedIn(bytes({ a: [{ b: nameBlob({ hash, size: 7 }) }] }))).toEqual([hash])
  expect(readBlobName(nameBlob({ hash, size: 7 }))).toEqual({ hash, size: 7 })
  expect(blobsNamedIn(bytes('"$blob"'))).toEqual([])
  expect(blobsNamedIn(bytes({ $blob: { hash: 'short', size: 1 } }))).toEqual([])
  expect(blobsNamedIn(bytes({ $blob: { hash, size: -1 } }))).toEqual([])
  const many = Array.from({ length: 100 }, (_, at) =>
    nameBlob({ hash: at.toString(16).padStart(64, '0'), size: 1 })
  )
  expect(blobsNamedIn(bytes(many))).toHaveLength(LIMITS.blobsPerValue.value)
})
