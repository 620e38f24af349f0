/** Sends blobs to the peers that ask for them, if they may read a record that names them. */
import type { BlobHash, BlobReader } from '../../core/blob.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { startDeadline } from '../frames/deadline.ts'
import type { FrameStream } from '../frames/frame-stream.ts'
import { createFrameStream } from '../frames/frame-stream.ts'
import type { StreamHost } from '../frames/host.ts'
import type { FramePipe } from '../frames/pipe.ts'
import { decodeQuestion, decodeStart, encodeAnswer } from './codec.ts'
import { BLOB_PROTOCOL } from './constants.ts'

export interface BlobServerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly host: Pick<StreamHost, 'handle'>
  /**
   * The blob, if it is here and `peer` may have it. Who may not is told what those are told who ask
   * for what nobody has.
   */
  readonly find: (hash: BlobHash, peer: PeerIdText) => Promise<BlobReader | undefined>
}

export function createBlobServer(components: BlobServerComponents): Component {
  return new BlobServer(components)
}

class BlobServer implements Component {
  readonly #components: BlobServerComponents
  readonly #serving = new Map<Promise<void>, PeerIdText>()
  #stopping: AbortController | undefined
  #unhandle: (() => Promise<void>) | undefined

  constructor(components: BlobServerComponents) {
    this.#components = components
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    const stopping = new AbortController()
    this.#stopping = stopping
    const accept = (pipe: FramePipe): void => this.#accept(pipe, stopping.signal)
    // One more than are served, so that the peer that asks for too many is told so.
    const maxStreams = LIMITS.blobServesPerPeer.value + 1
    this.#unhandle = await this.#components.host.handle(BLOB_PROTOCOL, accept, { maxStreams })
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new LumosError('SHUTTING_DOWN'))
    this.#stopping = undefined
    await this.#unhandle?.()
    this.#unhandle = undefined
    await Promise.all(this.#serving.keys())
  }

  #accept(pipe: FramePipe, stopping: AbortSignal): void {
    const work = this.#serve(pipe, stopping).finally(() => this.#serving.delete(work))
    this.#serving.set(work, pipe.peer)
  }

  async #serve(pipe: FramePipe, stopping: AbortSignal): Promise<void> {
    const { clock, logger } = this.#components
    const transfer = startDeadline(clock, LIMITS.blobTransfer.value)
    const signal = AbortSignal.any([stopping, transfer.signal])
    const stream = createFrameStream({ clock }, pipe, { signal })
    try {
      if (this.#isBusy(pipe.peer)) await stream.write(encodeAnswer('busy'))
      else await this.#answer(stream)
      await stream.close()
    } catch (error) {
      const known = toLumosError(error)
      logger.debug('a blob was not sent to its end', { peer: pipe.peer, code: known.code })
      stream.abort(known)
    } finally {
      transfer.cancel()
    }
  }

  #isBusy(peer: PeerIdText): boolean {
    const peers = [...this.#serving.values()]
    return (
      peers.length >= LIMITS.blobServes.value ||
      peers.filter((other) => other === peer).length >= LIMITS.blobServesPerPeer.value
    )
  }

  async #answer(stream: FrameStream): Promise<void> {
    const frames = stream[Symbol.asyncIterator]()
    const question = await frames.next()
    if (question.done === true) return
    const blob = await this.#components.find(decodeQuestion(question.value), stream.pipe.peer)
    if (blob === undefined) {
      await stream.write(encodeAnswer('absent'))
      return
    }
    const { manifest } = blob
    try {
      await stream.write(encodeAnswer('here', manifest))
      const start = await frames.next()
      // Who only wanted to know who has it.
      if (start.done === true) return
      const first = decodeStart(start.value, manifest)
      for (let chunk = first; chunk < manifest.chunks.length; chunk += 1) {
        await stream.write(await blob.read(chunk))
      }
    } finally {
      await blob.close()
    }
  }
}
