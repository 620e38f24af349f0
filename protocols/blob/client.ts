/** Fetches blobs from peers, each on a stream of its own, so that no call waits behind them. */
import type { BlobHash, BlobManifest } from '../../core/blob.ts'
import { isChunk } from '../../core/blob.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { startDeadline } from '../frames/deadline.ts'
import type { FrameStream } from '../frames/frame-stream.ts'
import { createFrameStream } from '../frames/frame-stream.ts'
import type { StreamHost } from '../frames/host.ts'
import { decodeAnswer, encodeQuestion, encodeStart } from './codec.ts'
import { BLOB_PROTOCOL } from './constants.ts'

/** A blob that a peer has begun to offer. */
export interface OfferedBlob {
  readonly manifest: BlobManifest
  /**
   * The chunks from that number on, each of them verified.
   *
   * @throws BLOB_INVALID at the first wrong byte; whatever ended the stream too early
   */
  chunks(first: number): AsyncIterable<Uint8Array>
  /** Whatever was read of it. */
  close(): Promise<void>
}

export interface BlobClient {
  /**
   * `undefined`: the peer has it not, or no time for it.
   *
   * @throws BLOB_INVALID when its list of chunks is not the blob's; PEER_UNREACHABLE, STREAM_IDLE and
   * other ends of streams; the reason of `signal`
   */
  open(peer: PeerIdText, hash: BlobHash, signal: AbortSignal): Promise<OfferedBlob | undefined>
}

export interface BlobClientComponents {
  readonly clock: Clock
  readonly host: Pick<StreamHost, 'open'>
}

export function createBlobClient({ clock, host }: BlobClientComponents): BlobClient {
  async function ask(
    peer: PeerIdText,
    hash: BlobHash,
    signal: AbortSignal
  ): Promise<OfferedBlob | undefined> {
    const opening = startDeadline(clock, LIMITS.blobOpen.value)
    const transfer = startDeadline(clock, LIMITS.blobTransfer.value)
    let stream: FrameStream | undefined
    try {
      const within = AbortSignal.any([signal, opening.signal])
      const pipe = await host.open(peer, BLOB_PROTOCOL, within)
      stream = createFrameStream({ clock }, pipe, {
        signal: AbortSignal.any([signal, transfer.signal]),
        idleMs: LIMITS.blobOpen.value
      })
      await stream.write(encodeQuestion(hash))
      const frames = stream[Symbol.asyncIterator]()
      const { value: answer, done } = await frames.next()
      const manifest = done === true ? undefined : decodeAnswer(hash, answer)
      if (manifest !== undefined) {
        return offered({ stream, frames, manifest, over: () => transfer.cancel() })
      }
      transfer.cancel()
      await stream.close()
      return undefined
    } catch (error) {
      transfer.cancel()
      stream?.abort(error instanceof Error ? error : new LumosError('CANCELLED'))
      throw error
    } finally {
      opening.cancel()
    }
  }

  return { open: ask }
}

interface Offer {
  readonly stream: FrameStream
  readonly frames: AsyncIterator<Uint8Array>
  readonly manifest: BlobManifest
  readonly over: () => void
}

function offered({ stream, frames, manifest, over }: Offer): OfferedBlob {
  let isWhole = false
  return {
    manifest,
    async *chunks(first) {
      await stream.write(encodeStart(first))
      for (let chunk = first; chunk < manifest.chunks.length; chunk += 1) {
        const { value, done } = await frames.next()
        if (done === true || !isChunk(manifest, chunk, value)) {
          throw new LumosError('BLOB_INVALID', { details: { hash: manifest.hash } })
        }
        yield value
      }
      isWhole = true
    },
    async close() {
      over()
      if (isWhole) await stream.close()
      else stream.abort(new LumosError('CANCELLED'))
    }
  }
}
