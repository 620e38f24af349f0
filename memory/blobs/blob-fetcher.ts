/** Brings a blob here from whichever peers have it: one lies or goes away, the next goes on where it was. */
import type { BlobHash } from '../../core/blob.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { BlobClient, OfferedBlob } from '../../protocols/blob/client.ts'
import type { BlobStore } from '../../storage/blob-store.ts'

export interface BlobFetcherComponents {
  readonly logger: Logger
  readonly store: Pick<BlobStore, 'has' | 'receive'>
  readonly client: BlobClient
  /** Those who may have it, the likeliest first. */
  readonly peers: () => readonly PeerIdText[]
  /** Told when a peer sent what nobody honest sends. */
  readonly onOffence: (peer: PeerIdText, error: LumosError) => void
}

export interface BlobFetcher {
  /**
   * Many callers share one fetch; it goes on until `signal` aborts.
   *
   * @throws BLOB_MISSING, BLOBS_FULL, OVERLOADED; STORE_FULL, STORE_FAILED
   */
  fetch(hash: BlobHash, signal: AbortSignal): Promise<void>
}

export function createBlobFetcher(components: BlobFetcherComponents): BlobFetcher {
  const under = new Map<BlobHash, Promise<void>>()
  const waiting: (() => void)[] = []
  let free = LIMITS.blobFetches.value

  async function inTurn(action: () => Promise<void>): Promise<void> {
    if (free > 0) free -= 1
    else if (waiting.length < LIMITS.blobFetchQueue.value) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    try {
      await action()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }

  return {
    fetch(hash, signal) {
      const there = under.get(hash)
      if (there !== undefined) return there
      const work = inTurn(() => fetchFromAny(components, hash, signal)).finally(() =>
        under.delete(hash)
      )
      under.set(hash, work)
      return work
    }
  }
}

/** How far one peer brought it. */
type Result = 'whole' | 'further' | 'nothing'

async function fetchFromAny(
  components: BlobFetcherComponents,
  hash: BlobHash,
  signal: AbortSignal
): Promise<void> {
  const liars = new Set<PeerIdText>()
  // Whoever brought something before the link broke is asked again; who brought nothing is not.
  let peers = components.peers().slice(0, LIMITS.blobSources.value)
  while (peers.length > 0 && !components.store.has(hash)) {
    const useful: PeerIdText[] = []
    for (const peer of peers) {
      const result = await fetchFrom(components, { hash, peer, liars }, signal)
      if (result === 'whole') return
      if (result === 'further') useful.push(peer)
    }
    peers = useful.filter((peer) => !liars.has(peer))
  }
  if (!components.store.has(hash)) throw new LumosError('BLOB_MISSING', { details: { hash } })
}

interface Errand {
  readonly hash: BlobHash
  readonly peer: PeerIdText
  readonly liars: Set<PeerIdText>
}

async function fetchFrom(
  { client, store, logger, onOffence }: BlobFetcherComponents,
  { hash, peer, liars }: Errand,
  signal: AbortSignal
): Promise<Result> {
  signal.throwIfAborted()
  const progress = { moved: false }
  let offered: OfferedBlob | undefined
  try {
    offered = await client.open(peer, hash, signal)
    if (offered === undefined) return 'nothing'
    await take(store, offered, progress)
    return 'whole'
  } catch (error) {
    signal.throwIfAborted()
    const known = toLumosError(error)
    // Another peer would meet the same disk.
    if (OWN_FAULTS.has(known.code)) throw known
    logger.debug('a peer did not bring the whole blob', { peer, blob: hash, code: known.code })
    if (known.code === 'BLOB_INVALID') {
      liars.add(peer)
      onOffence(peer, known)
    }
    return progress.moved ? 'further' : 'nothing'
  } finally {
    await offered?.close()
  }
}

const OWN_FAULTS: ReadonlySet<string> = new Set(['BLOBS_FULL', 'STORE_FULL', 'STORE_FAILED'])

async function take(
  store: Pick<BlobStore, 'receive'>,
  offered: OfferedBlob,
  progress: { moved: boolean }
): Promise<void> {
  const part = await store.receive(offered.manifest)
  try {
    for await (const chunk of offered.chunks(part.next)) {
      await part.write(chunk)
      progress.moved = true
    }
    await part.finish()
  } finally {
    await part.close()
  }
}
