/** Stream hosts joined by memory instead of libp2p, over which real frame pipes run. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { afterThisTurn } from '../../core/turn.ts'
import type { StreamHost } from '../../protocols/frames/host.ts'
import { createFramePipe } from '../../protocols/frames/pipe.ts'
import type { FramePipe } from '../../protocols/frames/pipe.ts'
import { FakeRawStream } from './raw-stream.ts'
import type { RawPairInit } from './raw-stream.ts'

type Accept = (pipe: FramePipe) => void

export interface OpenedStream {
  readonly from: PeerIdText
  readonly to: PeerIdText
  /** The opener's end. */
  readonly raw: FakeRawStream
}

export class MemoryStreams {
  /** Every stream so far, oldest first. */
  readonly opened: OpenedStream[] = []
  readonly #clock: Clock
  readonly #init: RawPairInit
  readonly #handlers = new Map<string, Accept>()

  constructor(clock: Clock, init: RawPairInit = {}) {
    this.#clock = clock
    this.#init = init
  }

  host(self: PeerIdText): StreamHost {
    return {
      self,
      open: async (peer, protocol, signal) => {
        signal.throwIfAborted()
        const accept = this.#handlers.get(`${peer} ${protocol}`)
        if (accept === undefined) throw new LumosError('PEER_UNREACHABLE', { details: { peer } })
        const [mine, theirs] = FakeRawStream.pair(this.#init)
        this.opened.push({ from: self, to: peer, raw: mine })
        accept(this.#pipe(theirs, self, 'inbound'))
        return this.#pipe(mine, peer, 'outbound')
      },
      handle: async (protocol, accept) => {
        const key = `${self} ${protocol}`
        this.#handlers.set(key, accept)
        return async () => void this.#handlers.delete(key)
      }
    }
  }

  #pipe(raw: FakeRawStream, peer: PeerIdText, direction: FramePipe['direction']): FramePipe {
    return createFramePipe({ clock: this.#clock, defer: afterThisTurn }, raw, {
      peer,
      path: 'direct',
      direction
    })
  }
}
