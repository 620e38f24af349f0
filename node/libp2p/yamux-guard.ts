/** yamux with the guards that js-libp2p lacks: against announced giants and against endless lengths. */
import { yamux } from '@chainsafe/libp2p-yamux'
import type { YamuxMuxerInit } from '@chainsafe/libp2p-yamux'
import type {
  MessageStream,
  Stream,
  StreamMessageEvent,
  StreamMuxer,
  StreamMuxerFactory
} from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'
import { FrameGuard } from './frame-guard.ts'
import { guardMuxedStream } from './stream-guard.ts'
import { saveWindowUpdates } from './yamux-window.ts'
import { StrangerRefused } from './wire-guard.ts'
import type { Agreement } from './wire-guard.ts'

export interface GuardedYamuxComponents {
  /** Ends the negotiation of a stream: what follows the line, once both sides agree on it. */
  readonly agreement: Agreement
  /** Told about each connection that was closed for a violation. */
  readonly onViolation: (violation: unknown) => void
}

/** A muxer's inbound door; public in AbstractStreamMuxer, though not part of the interface. */
interface InboundDoor {
  onRemoteStream(stream: Stream): void
}

export function guardedYamux(
  { agreement, onViolation }: GuardedYamuxComponents,
  init: YamuxMuxerInit = {}
): StreamMuxerFactory {
  const factory = yamux(init)()
  const maxFrame = init.streamOptions?.maxStreamWindowSize ?? LIMITS.streamWindow.value

  const guard = (stream: Stream): void => {
    saveWindowUpdates(stream)
    guardMuxedStream(stream, agreement, (violation) => {
      if (violation instanceof StrangerRefused) {
        stream.abort(violation)
        return
      }
      onViolation(violation)
      // Thrown into the muxer, which stops reading and aborts the connection.
      throw violation
    })
  }

  function createStreamMuxer(link: MessageStream): StreamMuxer {
    watchFrames(link, maxFrame, (violation) => {
      onViolation(violation)
      link.abort(violation instanceof Error ? violation : new Error(String(violation)))
    })
    const muxer = factory.createStreamMuxer(link)
    if (!hasInboundDoor(muxer)) throw new TypeError('the guards do not fit this version of yamux')
    const admit = muxer.onRemoteStream.bind(muxer)
    muxer.onRemoteStream = (stream) => {
      guard(stream)
      admit(stream)
    }
    const createStream = muxer.createStream.bind(muxer)
    muxer.createStream = async (options) => {
      const stream = await createStream(options)
      guard(stream)
      return stream
    }
    return muxer
  }

  return { protocol: factory.protocol, createStreamMuxer }
}

/** Registered before the muxer's own listener, so that a bad header never reaches the decoder. */
function watchFrames(
  link: MessageStream,
  maxFrame: number,
  refuse: (violation: unknown) => void
): void {
  const frames = new FrameGuard(maxFrame)
  link.addEventListener('message', (event: StreamMessageEvent) => {
    try {
      frames.feed(event.data)
    } catch (violation) {
      event.stopImmediatePropagation()
      refuse(violation)
    }
  })
}

function hasInboundDoor(muxer: StreamMuxer): muxer is StreamMuxer & InboundDoor {
  return 'onRemoteStream' in muxer && typeof muxer.onRemoteStream === 'function'
}
