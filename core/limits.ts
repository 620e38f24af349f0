/** Every bound that protects a node. A test keeps docs/limits.md equal to this table. */

interface Limit {
  readonly value: number
  readonly unit: 'bytes' | 'ms' | 'count' | 'per second'
  /** Why this number: a measurement, a specification or the attack it stops. */
  readonly why: string
}

function limit(value: number, unit: Limit['unit'], why: string): Limit {
  return { value, unit, why }
}

const KIB = 1024
const MIB = 1024 * KIB

export const LIMITS = {
  frameBytes: limit(
    256 * KIB,
    'bytes',
    'largest frame on a raw stream; checked before it is buffered'
  ),
  frameQueueBytes: limit(
    512 * KIB,
    'bytes',
    'received frames not yet read; above it the stream is paused, well below yamux’s 1 MiB window'
  ),
  streamIdle: limit(
    30_000,
    'ms',
    'silence on a stream that owes us bytes (libp2p’s own inactivityTimeout is never read)'
  ),
  streamWriteStall: limit(
    30_000,
    'ms',
    'a peer that does not read holds our buffers no longer than this'
  ),
  messageBytes: limit(
    16 * MIB,
    'bytes',
    'one request or one response message of a call; larger things go by reference'
  ),
  chunkBytes: limit(64 * KIB, 'bytes', 'a call’s share of the link before others have their turn'),
  callsPerPeer: limit(1024, 'count', 'calls in flight in one direction of a session'),
  cardBytes: limit(32 * KIB, 'bytes', 'one signed agent card'),
  cardsPerPeer: limit(64, 'count', 'agents one peer may announce'),
  gossipBytes: limit(
    64 * KIB,
    'bytes',
    'one gossip message; above 4 MiB it would kill the receiving stream'
  )
} as const satisfies Record<string, Limit>
