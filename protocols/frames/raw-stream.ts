/** What the frame layer uses of libp2p, so that nothing above it sees a stream or a connection. */
import type { Libp2p, PeerId } from '@libp2p/interface'

/** The part of a libp2p 3 stream that works as documented (docs/protocols/frames.md, "Traps"). */
export interface RawStream {
  readonly writableNeedsDrain: boolean
  readonly readBufferLength: number
  /** `open`, and a few words for the opposite. */
  readonly status: string
  /** True once `end` was dispatched. */
  readonly readableEnded: boolean
  send(data: Uint8Array): boolean
  close(options: { signal: AbortSignal }): Promise<void>
  abort(error: Error): void
  pause(): void
  resume(): void
  addEventListener(type: 'message', listener: (event: RawMessage) => void): void
  addEventListener(type: 'drain' | 'end', listener: () => void): void
  addEventListener(type: 'close', listener: (event: { readonly error?: Error }) => void): void
}

export interface RawMessage {
  /** A list of buffers when the muxer's frame spanned several chunks. */
  readonly data: Uint8Array | Iterable<Uint8Array>
}

export interface RawConnection {
  /** False where a relay carries it. */
  readonly direct: boolean
  newStream(
    protocol: string,
    options: { readonly signal: AbortSignal; readonly runOnLimitedConnection: boolean }
  ): Promise<RawStream>
  abort(error: Error): void
}

/** The part of a libp2p node that opens streams. */
export interface RawDialler {
  /** Includes some that have ended, for the moment until their end is noticed. */
  getConnections(peer: PeerId): readonly RawConnection[]
  dial(peer: PeerId, options: { readonly signal: AbortSignal }): Promise<RawConnection>
}

/** A libp2p node, as far as streams need it. */
export type RawNode = RawDialler & Pick<Libp2p, 'peerId' | 'handle' | 'unhandle'>
