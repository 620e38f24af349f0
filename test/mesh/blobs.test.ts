/** Blobs between real nodes: cut links, peers that lie, go away or may not read. */
import type { Libp2p } from '@libp2p/interface'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { BLOB_CHUNK_BYTES } from '../../core/blob.ts'
import { systemClock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { silentLogger } from '../../core/logger.ts'
import { createBlobs } from '../../memory/blobs/blobs.ts'
import { replaced } from '../../node/libp2p/replaced.ts'
import { createBlobClient } from '../../protocols/blob/client.ts'
import { encodeAnswer } from '../../protocols/blob/codec.ts'
import { BLOB_PROTOCOL } from '../../protocols/blob/constants.ts'
import { createBlobServer } from '../../protocols/blob/server.ts'
import { createFrameStream } from '../../protocols/frames/frame-stream.ts'
import type { FrameStream } from '../../protocols/frames/frame-stream.ts'
import { createStreamHost } from '../../protocols/frames/host.ts'
import { openBlobStore } from '../../storage/blob-store.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { content } from '../support/blobs.ts'
import { createLibp2pNode } from '../support/libp2p-pair.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const CHUNK = BLOB_CHUNK_BYTES
const SPACE = '5'.repeat(32)
const NEVER = new AbortController().signal

let libp2p: Libp2p[] = []

beforeAll(async () => {
  const nodes = [0, 1, 2].map(() => createLibp2pNode('/ip4/127.0.0.1/tcp/0'))
  libp2p = await Promise.all(nodes)
  for (const node of libp2p) {
    for (const other of libp2p) {
      if (other === node) continue
      await node.peerStore.merge(other.peerId, { multiaddrs: other.getMultiaddrs() })
    }
  }
})

afterAll(async () => {
  await Promise.all(libp2p.map(async (node) => node.stop()))
})

function nodeAt(index: number): Libp2p {
  const node = libp2p[index]
  if (node === undefined) throw new Error('there is no such node')
  return node
}

interface BlobNodeInit {
  readonly peers?: readonly number[]
  /** Who may read the one space that names everything. */
  readonly mayRead?: (peer: PeerIdText) => boolean
  readonly wrap?: (store: BlobStore) => BlobStore
}

async function startNode(index: number, init: BlobNodeInit = {}) {
  const host = createStreamHost({ clock: systemClock, libp2p: nodeAt(index) })
  const offences: [PeerIdText, string][] = []
  const directory = join(await temporaryDirectory(), 'blobs')
  const random = seededRandom(index)
  const opened = await openBlobStore({ clock: systemClock, random }, { directory })
  const store = init.wrap?.(opened) ?? opened
  const components = { clock: systemClock, logger: silentLogger, random, host, store }
  const blobs = createBlobs({
    ...components,
    client: createBlobClient(components),
    peers: () => (init.peers ?? []).map((peer) => nodeAt(peer).peerId.toString()),
    onOffence: (peer, { code }) => void offences.push([peer, code]),
    references: { refresh: async () => undefined, spacesNaming: async () => [SPACE] },
    mayRead: (_, peer) => init.mayRead?.(peer) ?? true
  })
  const find: Parameters<typeof createBlobServer>[0]['find'] = (hash, peer) =>
    blobs.findFor(peer, hash)
  const server = createBlobServer({ ...components, find })
  await blobs.start()
  await server.start()
  onTestFinished(async () => {
    await server.stop()
    await blobs.stop()
  })
  return { blobs, server, store, offences, peer: nodeAt(index).peerId.toString() }
}

async function* piece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source))
}

/** Answers for the protocol in place of a node's server. */
async function impersonate(
  index: number,
  answer: (stream: FrameStream, frames: AsyncIterator<Uint8Array>) => Promise<void>
): Promise<void> {
  const host = createStreamHost({ clock: systemClock, libp2p: nodeAt(index) })
  const unhandle = await host.handle(
    BLOB_PROTOCOL,
    (pipe) => {
      const stream = createFrameStream({ clock: systemClock }, pipe)
      answer(stream, stream[Symbol.asyncIterator]()).catch(() => stream.abort(new Error('broken')))
    },
    { maxStreams: 8 }
  )
  onTestFinished(unhandle)
}

test.for([0, 1, CHUNK, 3 * CHUNK + 17])(
  'a blob of %i bytes comes from the peer that has it, and is then here',
  async (length) => {
    const a = await startNode(0)
    const b = await startNode(1, { peers: [0] })
    const bytes = content(length)
    const { hash, size } = await a.blobs.put(bytes)
    expect(size).toBe(length)
    expect(await readAll(b.blobs.get(hash))).toEqual(Buffer.from(bytes))
    await a.server.stop()
    expect(await readAll(b.blobs.get(hash))).toEqual(Buffer.from(bytes))
  }
)

test('many readers share one fetch', async () => {
  const a = await startNode(0)
  let received = 0
  const b = await startNode(1, {
    peers: [0],
    wrap: (store) =>
      replaced(store, {
        receive(manifest) {
          received += 1
          return store.receive(manifest)
        }
      })
  })
  const { hash } = await a.blobs.put(content(2 * CHUNK))
  const all = await Promise.all(Array.from({ length: 8 }, () => readAll(b.blobs.get(hash))))
  expect(new Set(all.map((each) => each.length))).toEqual(new Set([2 * CHUNK]))
  expect(received).toBe(1)
})

test('a link that is cut again and again only delays: no chunk is fetched twice', async () => {
  const a = await startNode(0)
  const written: number[] = []
  const b = await startNode(1, { peers: [0], wrap: (store) => cutting(store, written) })
  const bytes = content(6 * CHUNK + 5)
  const { hash } = await a.blobs.put(bytes)
  expect(await readAll(b.blobs.get(hash))).toEqual(Buffer.from(bytes))
  expect(written).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(b.offences).toEqual([])
})

/** Breaks all connections whenever two chunks have come. */
function cutting(store: BlobStore, written: number[]): BlobStore {
  return replaced(store, {
    async receive(manifest) {
      const part = await store.receive(manifest)
      let writes = 0
      return {
        ...part,
        get next() {
          return part.next
        },
        async write(bytes) {
          written.push(part.next)
          await part.write(bytes)
          writes += 1
          if (writes < 2) return
          for (const connection of nodeAt(0).getConnections()) connection.abort(new Error('cut'))
        }
      }
    }
  })
}

test('a peer that sends a wrong chunk is noticed, and others bring the rest', async () => {
  const bytes = content(4 * CHUNK)
  const honest = await startNode(2)
  const { hash } = await honest.blobs.put(bytes)
  const reader = await honest.store.open(hash)
  if (reader === undefined) throw new Error('the blob is not there')
  await impersonate(0, async (stream, frames) => {
    await frames.next()
    await stream.write(encodeAnswer('here', reader.manifest))
    await frames.next()
    for (const chunk of [0, 1, 2, 3]) {
      const right = await reader.read(chunk)
      await stream.write(chunk < 2 ? right : right.map((byte) => byte ^ 1))
    }
  })
  const host = createStreamHost({ clock: systemClock, libp2p: nodeAt(1) })
  const client = createBlobClient({ clock: systemClock, host })
  const offered = await client.open(nodeAt(0).peerId.toString(), hash, NEVER)
  const received: Uint8Array[] = []
  await expect(async () => {
    for await (const chunk of offered?.chunks(0) ?? []) received.push(chunk)
  }).rejects.toMatchObject({ code: 'BLOB_INVALID' })
  expect(received).toHaveLength(2)
  await offered?.close()
  const b = await startNode(1, { peers: [0, 2] })
  expect(await readAll(b.blobs.get(hash))).toEqual(Buffer.from(bytes))
  expect(b.offences).toEqual([[nodeAt(0).peerId.toString(), 'BLOB_INVALID']])
  await reader.close()
})

test('a list of chunks that is not the blob’s is no better', async () => {
  const honest = await startNode(2)
  const { hash } = await honest.blobs.put(content(10))
  const other = await honest.store.put(piece(content(11)))
  await impersonate(0, async (stream, frames) => {
    await frames.next()
    await stream.write(encodeAnswer('here', other))
  })
  const b = await startNode(1, { peers: [0, 2] })
  expect(await readAll(b.blobs.get(hash))).toHaveLength(10)
  expect(b.offences).toEqual([[nodeAt(0).peerId.toString(), 'BLOB_INVALID']])
})

test('a peer that ends too early, talks nonsense or hangs up costs only itself', async () => {
  const honest = await startNode(2)
  const { hash } = await honest.blobs.put(content(CHUNK + 3))
  const answers: ((stream: FrameStream) => Promise<void>)[] = [
    (stream) => stream.end(),
    (stream) => stream.write(Uint8Array.of(77)),
    async (stream) => stream.abort(new Error('gone'))
  ]
  for (const answer of answers) {
    await impersonate(0, async (stream, frames) => {
      await frames.next()
      await answer(stream)
    })
    const b = await startNode(1, { peers: [0, 2] })
    expect(await readAll(b.blobs.get(hash))).toHaveLength(CHUNK + 3)
    await b.server.stop()
    await nodeAt(0).unhandle(BLOB_PROTOCOL)
  }
})

test('who may not read the space is told what those are told who ask for nothing', async () => {
  const a = await startNode(0, { mayRead: () => false })
  const b = await startNode(1, { peers: [0] })
  const { hash } = await a.blobs.put(content(10))
  await expect(readAll(b.blobs.get(hash))).rejects.toMatchObject({ code: 'BLOB_MISSING' })
  await expect(readAll(b.blobs.get('0'.repeat(64)))).rejects.toMatchObject({ code: 'BLOB_MISSING' })
})

test('a spoilt blob is brought anew while it is read', async () => {
  const a = await startNode(0)
  let spoilt = 0
  const b = await startNode(1, { peers: [0], wrap: (store) => spoiling(store, () => ++spoilt) })
  const bytes = content(3 * CHUNK)
  const { hash } = await a.blobs.put(bytes)
  await b.store.put(piece(bytes))
  expect(await readAll(b.blobs.get(hash))).toEqual(Buffer.from(bytes))
  expect(spoilt).toBeGreaterThan(0)
})

/** The second chunk cannot be read the first time, and the blob is then gone. */
function spoiling(store: BlobStore, count: () => number): BlobStore {
  return replaced(store, {
    async open(hash) {
      const reader = await store.open(hash)
      if (reader === undefined) return undefined
      const read: typeof reader.read = async (chunk) => {
        if (chunk !== 1 || count() > 1) return reader.read(chunk)
        await store.delete(hash)
        throw new LumosError('STORE_CORRUPT', { details: { path: hash, reason: 'a bit' } })
      }
      return { ...reader, read }
    }
  })
}

test('a peer is served so many blobs at once, and no more', async () => {
  const a = await startNode(0)
  const { hash } = await a.blobs.put(content(2 * CHUNK))
  const host = createStreamHost({ clock: systemClock, libp2p: nodeAt(1) })
  const client = createBlobClient({ clock: systemClock, host })
  const open = () => client.open(a.peer, hash, NEVER)
  const offered = []
  for (let at = 0; at < LIMITS.blobServesPerPeer.value; at += 1) offered.push(await open())
  expect(offered.every((each) => each !== undefined)).toBe(true)
  expect(await open()).toBeUndefined()
  await Promise.all(offered.map(async (each) => each?.close()))
})
