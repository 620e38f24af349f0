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
  callTimeout: limit(30_000, 'ms', 'a call whose caller set no deadline'),
  callWindow: limit(
    256 * KIB,
    'bytes',
    'sent and not yet consumed in one direction of a call; a slow reader holds no more'
  ),
  sessionWindow: limit(
    1 * MIB,
    'bytes',
    'sent and not yet received in one direction of a session; yamux grants no more either'
  ),
  sessionBufferBytes: limit(
    64 * MIB,
    'bytes',
    'messages of one session that are incomplete, unread, unsent or being worked on, a direction'
  ),
  callHeaderBytes: limit(8 * KIB, 'bytes', 'headers of one call'),
  controlFrameBytes: limit(
    1 * MIB,
    'bytes',
    'frames waiting for a peer that does not read; above it we stop reading from that peer'
  ),
  sessionDial: limit(15_000, 'ms', 'connecting to a peer until it has said HELLO'),
  sessionHello: limit(10_000, 'ms', 'silence after opening a session until HELLO'),
  sessionDrain: limit(2000, 'ms', 'calls in flight get this long to end after GOAWAY'),
  sessionRetire: limit(30_000, 'ms', 'calls on the surplus stream of a simultaneous dial'),
  streamClose: limit(2000, 'ms', 'closing a stream; a peer that does not read never lets it end'),
  heartbeatInterval: limit(5000, 'ms', 'between two pings of a session'),
  heartbeatDead: limit(
    15_000,
    'ms',
    'silence after which a session is dead; a peer may stall its event loop for 7 s (measured)'
  ),
  sessionHandshakes: limit(4, 'count', 'streams of one peer that have not said HELLO yet'),
  sessionStrikes: limit(3, 'count', 'protocol violations in a minute before a peer must wait'),
  sessionPenalty: limit(60_000, 'ms', 'how long such a peer must wait'),
  cardBytes: limit(32 * KIB, 'bytes', 'one signed agent card'),
  cardsPerPeer: limit(64, 'count', 'agents one peer may announce'),
  clockLeeway: limit(
    60_000,
    'ms',
    'how far a peer’s clock may be off before its signed times are refused'
  ),
  cardFetches: limit(8, 'count', 'peers whose agent cards are fetched at the same time'),
  cardFetchQueue: limit(
    1024,
    'count',
    'peers whose cards wait to be fetched; beyond it the next presence asks again'
  ),
  cardFetchDeadline: limit(5000, 'ms', 'fetching cards from one peer, dialling included'),
  cardsPerFetch: limit(16, 'count', 'cards in one response, so that it stays below 1 MiB'),
  directoryPeers: limit(
    4096,
    'count',
    'remote peers the directory remembers; in a larger swarm the DHT answers for the rest'
  ),
  directorySnapshotPeers: limit(1024, 'count', 'peers whose cards a newcomer is told in one call'),
  presenceBytes: limit(
    4096,
    'bytes',
    'one presence message; 64 card digests and two names fit twice'
  ),
  presenceAuthors: limit(
    8192,
    'count',
    'peers whose last presence number is remembered, so that replays are ignored'
  ),
  findProviders: limit(32, 'count', 'providers in one answer unless more are asked for'),
  dhtFind: limit(1000, 'ms', 'a DHT search; a missing key took 4.5 s among 20 nodes (measured)'),
  dhtProviders: limit(8, 'count', 'peers of one DHT answer that are asked for their cards'),
  announcedSkills: limit(128, 'count', 'skills of one node that are announced on the DHT'),
  gossipBytes: limit(
    64 * KIB,
    'bytes',
    'one gossip message; above 4 MiB it would kill the receiving stream'
  ),
  controlBodyBytes: limit(
    20 * MIB,
    'bytes',
    'one request to the control API: a message of 16 MiB and the escapes that JSON adds'
  ),
  controlRequest: limit(30_000, 'ms', 'one answer of the control API; streams have no such end'),
  controlConnections: limit(
    256,
    'count',
    'connections to the control socket: every watching terminal holds one'
  ),
  controlDrain: limit(
    1000,
    'ms',
    'how long a stopping control API waits for answers that are being written'
  ),
  daemonStop: limit(
    15_000,
    'ms',
    'an orderly stop; then the process ends anyway (libp2p’s stop can hang, js-libp2p#2625)'
  ),
  logLinesKept: limit(2000, 'count', 'newest log lines in memory, for `lumos logs`'),
  logQueue: limit(
    1000,
    'count',
    'log lines waiting for one slow reader of `lumos logs --follow`; the oldest fall out'
  ),
  logFileBytes: limit(
    8 * MIB,
    'bytes',
    'one log file; then it is rotated, and the older one before it deleted'
  ),
  logTextBytes: limit(2048, 'bytes', 'one text in a log line; longer ones are cut'),
  controlBytes: limit(
    32 * MIB,
    'bytes',
    'one document or one line of the control API: a message of 16 MiB with its JSON escapes'
  )
} as const satisfies Record<string, Limit>
