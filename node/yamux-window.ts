/** Sends window updates when they are due: libp2p's yamux answers every data frame with one. */
import type { Stream } from '@libp2p/interface'

/** The members of yamux' stream that the decision rests on; public in its class, not in the interface. */
interface WindowedStream {
  /** {@link ESTABLISHED} once both sides have acknowledged the stream. */
  readonly state: number
  /** Bytes the peer may have on the way in all. */
  readonly recvWindow: number
  /** Bytes of them that it may still send. */
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

const ESTABLISHED = 3

/**
 * Holds an update back while the peer may still send half a window, as Go's yamux does: it costs an
 * encrypted frame and a system call, and a mesh of 60 nodes a fifth of its CPU (measured).
 *
 * @throws TypeError when the stream is not the one this was written for
 */
export function saveWindowUpdates(stream: Stream): void {
  if (!isWindowed(stream)) throw new TypeError('the windows do not fit this version of yamux')
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    // Before, an update also carries the flags that open the stream.
    const isEarly = stream.recvWindowCapacity > stream.recvWindow / 2
    if (stream.state !== ESTABLISHED || !isEarly) update()
  }
}

function isWindowed(stream: Stream): stream is Stream & WindowedStream {
  return (
    'state' in stream &&
    typeof stream.state === 'number' &&
    'recvWindow' in stream &&
    'recvWindowCapacity' in stream &&
    'sendWindowUpdate' in stream
  )
}
