/** Sends window updates when they are due: libp2p's yamux answers every data frame with one. */
import type { Stream } from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'

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
/** An eighth of the first window; half of it, as in Go's yamux, keeps JavaScript's from growing. */
const DUE_BYTES = LIMITS.streamWindowStart.value / 8

/**
 * Holds an update back until it is worth a frame: each costs encryption and a system call, and all
 * of them a mesh of 60 nodes a fifth of its CPU (measured).
 *
 * @throws TypeError when the stream is not the one this was written for
 */
export function saveWindowUpdates(stream: Stream): void {
  if (!isWindowed(stream)) throw new TypeError('the windows do not fit this version of yamux')
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    // Before, an update also carries the flags that open the stream.
    const isDue = stream.recvWindow - stream.recvWindowCapacity >= DUE_BYTES
    if (stream.state !== ESTABLISHED || isDue) update()
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
