/** Every bound that protects a node. A test keeps docs/limits.md equal to this table. */
import { CONTROL_BYTES } from './control-bytes.ts'

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
  clockSkew: limit(
    60_000,
    'ms',
    'clocks of two nodes further apart are reported: cards and presence allow for no more'
  ),
  nodeStop: limit(
    4500,
    'ms',
    'all parts of a node together; leaves half a second of the 5 s that `stop()` promises'
  ),
  frameBytes: limit(
    256 * KIB,
    'bytes',
    'largest frame on a raw stream; checked before it is buffered'
  ),
  turnFrames: limit(
    64,
    'count',
    'frames of one peer in a turn of the event loop, before others have theirs: a socket’s buffer holds thousands'
  ),
  turnBytes: limit(
    128 * KIB,
    'bytes',
    'read of one connection in such a turn, of up to 2 MiB that a socket may hand over in one go'
  ),
  turnTime: limit(
    1,
    'ms',
    'work on frames of one peer in such a turn: a task takes some eight turns, and half of its 8 ms may be added to it'
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
    8 * MIB,
    'bytes',
    'one request or one response message of a call, which is read, hashed and journalled in steps of under 100 ms; larger things go by reference'
  ),
  questionBytes: limit(
    64 * KIB,
    'bytes',
    'one request of a method that only names something, refused while it arrives'
  ),
  chunkBytes: limit(64 * KIB, 'bytes', 'a call’s share of the link before others have their turn'),
  callsPerPeer: limit(1024, 'count', 'calls in flight in one direction of a session'),
  callRate: limit(
    10_000,
    'per second',
    'calls of one peer, as many refused ones before its session ends: tasks reach 8,000 (measured)'
  ),
  callBurst: limit(50_000, 'count', 'calls of one peer without a pause'),
  requestRate: limit(
    64 * MIB,
    'per second',
    'bytes of requests of one peer: more than half of what one core decrypts'
  ),
  requestBurst: limit(512 * MIB, 'bytes', 'of requests of one peer without a pause'),
  requestsBytes: limit(
    256 * MIB,
    'bytes',
    'requests of all peers that are incomplete or being worked on: four sessions’ worth'
  ),
  quotaPeers: limit(4096, 'count', 'peers whose rates are remembered'),
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
  helloBytes: limit(
    16 * KIB,
    'bytes',
    'one HELLO: with 64 cards it has some 2 KiB. Parsed before the peer is known to be of use'
  ),
  wireErrorBytes: limit(
    16 * KIB,
    'bytes',
    'one error as a peer tells it, of which 16 details of 256 characters are kept'
  ),
  handshakeRate: limit(
    1,
    'per second',
    'handshakes of one peer: each opens a session anew, of which all parts of a node take notice'
  ),
  handshakeBurst: limit(
    20,
    'count',
    'handshakes of one peer without a pause; who lost a connection comes back with two, then ever later'
  ),
  controlFrameBytes: limit(
    1 * MIB,
    'bytes',
    'frames waiting for a peer that does not read; above it we stop reading from that peer'
  ),
  sessionDial: limit(15_000, 'ms', 'opening a session’s stream, dialling included'),
  sessionHello: limit(10_000, 'ms', 'silence after opening a session until HELLO'),
  sessionDrain: limit(1500, 'ms', 'calls in flight get this long to end after GOAWAY'),
  sessionRetire: limit(30_000, 'ms', 'calls on the surplus stream of a simultaneous dial'),
  streamClose: limit(1500, 'ms', 'closing a stream; a peer that does not read never lets it end'),
  heartbeatInterval: limit(5000, 'ms', 'between two pings of a session'),
  heartbeatDead: limit(
    15_000,
    'ms',
    'silence after which a session is dead; a peer may stall its event loop for 7 s (measured)'
  ),
  peerSilence: limit(
    600,
    'ms',
    'silence after which harmless tasks of a peer go on elsewhere, within a second as promised; its session lives on'
  ),
  sessionHandshakes: limit(4, 'count', 'streams of one peer that have not said HELLO yet'),
  sessionStreams: limit(
    8,
    'count',
    'session streams of one connection: two come from a simultaneous dial, more from re-dials whose old stream lingers'
  ),
  sessionRetired: limit(
    2,
    'count',
    'retired streams of one session that still finish calls; the oldest goes first. More come only from a faulty peer, or from streams that died unnoticed'
  ),
  sessionStrikes: limit(3, 'count', 'protocol violations in a minute before a peer must wait'),
  sessionPenalty: limit(60_000, 'ms', 'how long such a peer must wait'),
  jsonDepth: limit(32, 'count', 'nesting of a JSON document from a peer; deeper is an attack'),
  jsonNodes: limit(
    100_000,
    'count',
    'values in one JSON document from a peer: bounds the work that few bytes can cause'
  ),
  idLength: limit(
    256,
    'count',
    'characters of an id, name, media type or token in an A2A document'
  ),
  partsPerMessage: limit(1024, 'count', 'parts of one A2A message or artifact event'),
  artifactsPerTask: limit(256, 'count', 'artifacts one task may make'),
  taskPageBytes: limit(
    1 * MIB,
    'bytes',
    'tasks in one answer to ListTasks, which ends behind the task that passes it: the next page goes on'
  ),
  taskOutputBytes: limit(
    64 * MIB,
    'bytes',
    'events of one running task, held for those who resume'
  ),
  metricSeries: limit(
    200,
    'count',
    'series of one metric with names that others choose; what comes after them is counted as `other`'
  ),
  vitalsSamples: limit(
    300,
    'count',
    'looks at the node that are kept: 25 minutes, or 5 while somebody watches; 0.5 kB each'
  ),
  measuredPeers: limit(
    512,
    'count',
    'peers of which the tasks of the last minute are counted, the latest ones; 2 kB each that is busy'
  ),
  tasksActive: limit(4096, 'count', 'accepted tasks that have not ended, over all agents'),
  tasksHeldBytes: limit(
    256 * MIB,
    'bytes',
    'what peers have said to accepted tasks, until they end, over all agents; for the first task of a peer twice as much'
  ),
  tasksHeldBytesPerPeer: limit(
    64 * MIB,
    'bytes',
    'of these, those of one peer: eight of the largest messages'
  ),
  tasksWaiting: limit(4096, 'count', 'tasks that wait for an answer of their callers'),
  tasksWaitingPerPeer: limit(
    256,
    'count',
    'of these, tasks of one peer, which subscribes to each: a quarter of its calls'
  ),
  turnsPerTask: limit(256, 'count', 'messages of its caller to one task, which shows them all'),
  agentConcurrency: limit(64, 'count', 'tasks one agent works on at the same time'),
  agentQueue: limit(
    512,
    'count',
    'accepted tasks that wait for one agent; more are refused at once'
  ),
  agentTasksPerPeer: limit(
    288,
    'count',
    'tasks of one peer at one agent: half of its places, so that no peer locks out the others'
  ),
  taskAttempts: limit(
    3,
    'count',
    'runs of one task that its node interrupted: what ends the process each time must not do so for ever'
  ),
  taskDuration: limit(86_400_000, 'ms', 'a task without a deadline of its own ends after a day'),
  cancelGrace: limit(2000, 'ms', 'what an agent may still do after its signal aborted'),
  deltaBytes: limit(
    64 * KIB,
    'bytes',
    'text gathered into one event while nobody is waiting for it'
  ),
  deltaDelay: limit(50, 'ms', 'how long text may be gathered into one event'),
  subscriberBacklog: limit(
    MIB,
    'bytes',
    'what a reader of a task may be behind; then it is cut and resumes (the slow-consumer rule of NATS)'
  ),
  subscribersPerTask: limit(64, 'count', 'readers of one task at the same time'),
  tasksKept: limit(2000, 'count', 'ended tasks that can still be read; the oldest go first'),
  tasksKeptBytes: limit(64 * MIB, 'bytes', 'events of ended tasks that can still be read'),
  tasksOnDisk: limit(100_000, 'count', 'ended tasks kept in the database; the oldest go first'),
  tasksOnDiskBytes: limit(1024 * MIB, 'bytes', 'events of ended tasks kept in the database'),
  taskRetention: limit(86_400_000, 'ms', 'how long an ended task can be read'),
  taskTombstones: limit(
    50_000,
    'count',
    'forgotten task ids that are still recognized, so that a late repeat is not executed again'
  ),
  delegationsOnDisk: limit(
    100_000,
    'count',
    'ended tasks of this node’s own asking that can be read'
  ),
  delegationsOnDiskBytes: limit(
    1024 * MIB,
    'bytes',
    'what is kept of ended tasks of this node’s own asking'
  ),
  // As many as ask at once: each asks for its story next. They take some 11 KB each (measured).
  recentDelegations: limit(
    128,
    'count',
    'ended tasks of this node’s own asking that are still in memory'
  ),
  recentBytes: limit(16 * KIB, 'bytes', 'the largest story of such a task'),
  recalls: limit(
    4096,
    'count',
    'workers that may have a task which nobody wants from them any more, and could not be told yet'
  ),
  workersInDoubt: limit(
    8,
    'count',
    'workers a task remembers that may have it besides its last one; an older one is left to its deadline'
  ),
  acceptance: limit(
    30_000,
    'ms',
    'a peer that is asked to take a task says within this that it has it, or it is asked again'
  ),
  dispatchAttempts: limit(3, 'count', 'peers (or the same peer again) asked to take one task'),
  routedWorkers: limit(
    4096,
    'count',
    'agents at peers of which is remembered how quick and reliable they are; some 3 KiB each'
  ),
  routedAgents: limit(256, 'count', 'names of agents of which is remembered how long they take'),
  handoverEvents: limit(
    4096,
    'count',
    'events of an interrupted run that another worker is told; text that follows text is one'
  ),
  handoverBytes: limit(4 * MIB, 'bytes', 'such events; a run with more waits for its own worker'),
  failoverGrace: limit(
    500,
    'ms',
    'how long a harmless task waits for its worker before another one is asked; it doubles while none takes it'
  ),
  failoverGraceMost: limit(300_000, 'ms', 'the longest time between two such tries'),
  ensemblePeers: limit(16, 'count', 'peers that one question may go to; each costs a whole task'),
  ensembleBytes: limit(
    8 * MIB,
    'bytes',
    'all answers to one question to several peers; one beyond it counts as failed'
  ),
  ensembleJudged: limit(
    32 * KIB,
    'count',
    'characters of one answer that a judge is shown; 16 such fill 128 k tokens'
  ),
  ensemblePatience: limit(
    5000,
    'ms',
    'how long one of several peers that refuses or is away is waited for when no other is left to ask'
  ),
  retryTokens: limit(
    100,
    'count',
    'retries that may be saved up for one kind of task; a tenth of a call earns one'
  ),
  retryKinds: limit(
    256,
    'count',
    'kinds of tasks (an agent or skill, of anybody or of one peer) that have retries of their own; those asked for longest ago begin anew'
  ),
  hedgeTokens: limit(
    10,
    'count',
    'tasks that may be given to a second worker at once; a twentieth of a call earns one'
  ),
  breakerWindow: limit(30_000, 'ms', 'in which failures of an agent at one peer are counted'),
  breakerOpenFirst: limit(
    10_000,
    'ms',
    'how long an agent that keeps failing at one peer is not asked; it doubles'
  ),
  breakerOpenMost: limit(120_000, 'ms', 'the longest such time'),
  banMost: limit(120_000, 'ms', 'the longest time a peer that cannot be reached is not asked'),
  bannedPeers: limit(1024, 'count', 'peers of which that is remembered'),
  retryDelayFirst: limit(
    100,
    'ms',
    'upper bound of the first random wait before a retry; it doubles'
  ),
  retryDelayMost: limit(5000, 'ms', 'upper bound of every random wait before a retry'),
  resumeWindow: limit(
    86_400_000,
    'ms',
    'how long a task without a deadline waits for its worker: as long as that keeps tasks at least'
  ),
  searchWindow: limit(
    300_000,
    'ms',
    'how long a task that outlived its node looks for a worker, as peers come back one by one'
  ),
  pushConfigs: limit(4096, 'count', 'push notification configs whose task has not ended'),
  pushConfigsPerPeer: limit(
    2048,
    'count',
    'push notification configs of one peer: half of all, so that no peer locks out the others'
  ),
  pushConfigsPerTask: limit(8, 'count', 'push notification configs of one task'),
  pushBytes: limit(
    512 * KIB,
    'bytes',
    'one push notification; webhooks commonly take no more than 1 MiB, and `pushesInFlight` of these fit into memory'
  ),
  pushesInFlight: limit(
    128,
    'count',
    'push notifications on their way; those that failed last time share half of the places'
  ),
  pushesPerReceiver: limit(8, 'count', 'push notifications on their way to one host and port'),
  pushTimeout: limit(
    15_000,
    'ms',
    'one push notification, redirects included; A2A recommends 10 to 30 s'
  ),
  pushRedirects: limit(3, 'count', 'redirects that one push notification follows'),
  pushAnswerBytes: limit(
    16 * KIB,
    'bytes',
    'body of a receiver’s answer, which is read and dropped'
  ),
  pushRetryFirst: limit(
    1000,
    'ms',
    'upper bound of the first random wait for a receiver that failed; it doubles'
  ),
  pushRetryMost: limit(
    300_000,
    'ms',
    'upper bound of every random wait for a receiver that failed'
  ),
  pushRetryAfter: limit(3_600_000, 'ms', 'the longest wait that a receiver may ask for'),
  pushGiveUp: limit(
    86_400_000,
    'ms',
    'how long a receiver may fail before its config is dropped: as long as an ended task can be read'
  ),
  pushTokenLife: limit(
    300_000,
    'ms',
    'how long the signature of a push notification holds; each try is signed anew'
  ),
  askWindow: limit(
    5000,
    'ms',
    'how long a question of an agent looks for somebody to answer: its node may have just begun'
  ),
  hopMargin: limit(50, 'ms', 'taken off a deadline at each hop, so that the answer still arrives'),
  cardBytes: limit(32 * KIB, 'bytes', 'one signed agent card'),
  cardsPerPeer: limit(64, 'count', 'agents one peer may announce'),
  clockLeeway: limit(
    60_000,
    'ms',
    'how far a peer’s clock may be off before its signed times are refused'
  ),
  cardFetches: limit(
    8,
    'count',
    'peers without a session whose agent cards are fetched at the same time'
  ),
  cardFetchQueue: limit(
    1024,
    'count',
    'peers whose cards wait to be fetched; beyond it the next presence asks again'
  ),
  cardFetchDeadline: limit(5000, 'ms', 'fetching cards from one peer, dialling included'),
  cardsPerFetch: limit(64, 'count', 'cards asked for in one call: all of one peer'),
  cardBatchBytes: limit(512 * KIB, 'bytes', 'cards in one response; the rest is asked for again'),
  directoryPeers: limit(
    4096,
    'count',
    'remote peers the directory remembers; in a larger swarm the DHT answers for the rest, and who has a session comes in'
  ),
  directoryCards: limit(
    16_384,
    'count',
    'cards the directory holds, 4.5 kB each (measured), with those of 2,000 to 3,000 nodes; peers with a session have theirs beside'
  ),
  directorySnapshotPeers: limit(1024, 'count', 'peers whose cards a newcomer is told in one call'),
  directoryShares: limit(
    256,
    'count',
    'shares into which a directory is divided to be compared, a power of two'
  ),
  presenceBytes: limit(
    4096,
    'bytes',
    'one presence message; 64 card digests and two names fit twice'
  ),
  presenceAddresses: limit(
    4,
    'count',
    'addresses that a node tells of itself in a presence statement: some 40 bytes each, heard by all'
  ),
  presenceDoubts: limit(
    16,
    'count',
    'peers that one node may doubt at once; after that one in 5 s, beyond which it is not heard'
  ),
  presenceAuthors: limit(
    8192,
    'count',
    'peers whose last presence number is remembered, so that replays are ignored'
  ),
  searchedCards: limit(
    4096,
    'count',
    'cards one search by a name, or for a demand alone, looks at; more than this fit only what says little'
  ),
  searchedUses: limit(
    262_144,
    'count',
    'uses of words one search looks at, those of the rarest words first; ten thousand skills say two words 20,000 times'
  ),
  findProviders: limit(
    1024,
    'count',
    'providers of one name in one answer, the least loaded ones; routing chooses among them'
  ),
  findByWords: limit(
    32,
    'count',
    'providers in one answer to free words unless more are asked for'
  ),
  findEmbedding: limit(
    1000,
    'ms',
    'how long a search for agents waits for the embedding model; then words alone count'
  ),
  cardVectors: limit(
    4096,
    'count',
    'vectors of card texts that a node keeps; equal texts have one, 6 KB each with 1,536 numbers'
  ),
  dhtFind: limit(1000, 'ms', 'a DHT search; a missing key took 4.5 s among 20 nodes (measured)'),
  dhtProviders: limit(64, 'count', 'peers of one DHT answer that are asked for their cards'),
  dhtConfirmations: limit(8, 'count', 'of them that are asked at the same time'),
  dhtRecordsPerPeer: limit(
    256,
    'count',
    'provider records of one peer: twice `announcedSkills`, as old ones live on for half an hour'
  ),
  dhtRecordsPerKey: limit(
    256,
    'count',
    'provider records of one skill, the latest: four times `dhtProviders`, and with eight addresses of each no more than a message may have'
  ),
  dhtRecords: limit(16_384, 'count', 'provider records of all peers, some 300 bytes each'),
  dhtRecordRate: limit(
    8,
    'per second',
    'provider records of one peer: `announcedSkills` in 4 min are one every two seconds'
  ),
  dhtRecordBurst: limit(512, 'count', 'provider records of one peer without a pause'),
  announcedSkills: limit(128, 'count', 'skills of one node that are announced on the DHT'),
  streamWindow: limit(
    1 * MIB,
    'bytes',
    'largest yamux window ever granted, and so the largest frame; yamux’s own 16 MiB exceed its buffer'
  ),
  streamWindowStart: limit(256 * KIB, 'bytes', 'first window of a stream; yamux’s specification'),
  streamBuffer: limit(
    4 * MIB,
    'bytes',
    'unread or unsent bytes of one stream before it is reset; four windows'
  ),
  streamsPerConnection: limit(128, 'count', 'open streams of one connection in each direction'),
  libp2pMessageBytes: limit(
    256 * KIB,
    'bytes',
    'one message of libp2p’s own protocols; gossip and DHT answers stay below half of it'
  ),
  connections: limit(256, 'count', 'connections of one node; the topology keeper wants about ten'),
  unprovenConnections: limit(
    64,
    'count',
    'inbound connections that have not shown the swarm key yet; with 10, ten idle sockets lock honest peers out'
  ),
  pendingConnections: limit(192, 'count', 'inbound connections not yet upgraded, those included'),
  inboundPerHost: limit(
    128,
    'per second',
    'inbound connections of one host; with 5, 25 of 30 nodes on one machine fail (measured)'
  ),
  greetingDeadline: limit(
    3000,
    'ms',
    'an inbound connection until its first bytes show the swarm key; strangers hold a place no longer'
  ),
  upgradeDeadline: limit(
    10_000,
    'ms',
    'an inbound connection until it is multiplexed and authenticated; with 3 s, a hundred nodes that start at once on two cores do not meet (measured)'
  ),
  connectDeadline: limit(3000, 'ms', 'an address, until the host there answers at all'),
  addressDialDeadline: limit(10_000, 'ms', 'one address of a peer, until the connection is usable'),
  dialDeadline: limit(15_000, 'ms', 'reaching a peer at any of its addresses'),
  doctorCheck: limit(
    4000,
    'ms',
    'one check of `lumos doctor`; with half a second for the program itself it answers within 5 s'
  ),
  doctorTcp: limit(2000, 'ms', 'a TCP connection of `lumos doctor`: one retransmission is at 1 s'),
  doctorAnswer: limit(
    1500,
    'ms',
    'what a peer, a server or the network has to say to `lumos doctor` at once'
  ),
  doctorPeers: limit(16, 'count', 'peers that `lumos doctor` asks how they see this node'),
  doctorDials: limit(4, 'count', 'addresses of a peer that are dialled because it asks for it'),
  doctorDialRate: limit(
    10_000,
    'ms',
    'between two dials that one peer may ask for; they go to the host that it comes from alone'
  ),
  relayReservations: limit(
    128,
    'count',
    'members that a relay keeps a place for; each place is a connection, of which there are twice as many'
  ),
  relayedPerPeer: limit(
    64,
    'count',
    'relayed connections of one peer through a relay, in each direction: half of the streams of its connection'
  ),
  relayBuffer: limit(
    1 * MIB,
    'bytes',
    'what a relay holds of one direction of a relayed connection; libp2p’s own relay has no bound (read)'
  ),
  relayPlaceAge: limit(
    1_800_000,
    'ms',
    'a place with a relay, unless renewed: those who vanished give theirs up'
  ),
  relayPlaces: limit(
    2,
    'count',
    'relays that a node which cannot be dialled takes a place with: one may fail'
  ),
  reachAge: limit(
    600_000,
    'ms',
    'a peer’s word on whether it can dial this node, before it is asked again'
  ),
  parallelDials: limit(4, 'count', 'dials under way; each costs both ends some 10 ms of CPU'),
  addressesPerPeer: limit(8, 'count', 'addresses kept and dialled of one peer'),
  addressBytes: limit(256, 'bytes', 'one multiaddr in text form; what fits an mDNS record'),
  knownPeers: limit(1024, 'count', 'peers whose addresses are kept; strangers go first'),
  exchangedPeers: limit(16, 'count', 'peers handed on in one answer of peer exchange'),
  exchangeCalls: limit(
    30,
    'count',
    'peer exchange calls that one peer may make in a minute; the keeper makes one every ten seconds at most once settled'
  ),
  meshAsk: limit(2000, 'ms', 'until all peers have said whom they are connected to'),
  meshAsks: limit(
    10,
    'count',
    'times one peer may ask for links without a pause; one more each second, and who looks asks every three'
  ),
  meshLinkBytes: limit(64 * KIB, 'bytes', 'the links of one peer: 256 connections, 250 bytes each'),
  meshLinks: limit(
    4096,
    'count',
    'links of peers that are shown, each peer with an equal share; a node has about ten'
  ),
  meshNodes: limit(2048, 'count', 'nodes that are shown, those with a session first'),
  foreignNodes: limit(256, 'count', 'nodes of other swarms that are remembered to tell people'),
  sameHostFiles: limit(256, 'count', 'nodes of one OS user on one host that are looked at'),
  sameHostFileBytes: limit(16 * KIB, 'bytes', 'one node’s file in the runtime directory'),
  gossipTopicBytes: limit(
    256 * KIB,
    'bytes',
    'topics one peer may subscribe to: some 240, each costs 1 KiB and its name'
  ),
  blamedPeers: limit(1024, 'count', 'peers whose offences are remembered'),
  auditFileBytes: limit(8 * MIB, 'bytes', 'of the audit log; then the next file begins'),
  auditFiles: limit(16, 'count', 'files of the audit log that are kept: some 700,000 lines'),
  auditKinds: limit(1024, 'count', 'kinds of events that are counted instead of written again'),
  blockedPeers: limit(
    10_000,
    'count',
    'peers that a person has blocked; a list this long should be a new swarm key instead'
  ),
  auditLines: limit(10_000, 'count', 'lines of the audit log in one answer'),
  auditWindow: limit(10_000, 'ms', 'after which events that were the same are written as a number'),
  grantBytes: limit(
    8 * KIB,
    'bytes',
    'a grant with all that it rests on: four with long lists of skills'
  ),
  grantsGiven: limit(1000, 'count', 'grants of a node that are in force'),
  grantsHeld: limit(64, 'count', 'grants that a node holds'),
  grantsShown: limit(16, 'count', 'grants that a peer may show to a node'),
  grantLifetime: limit(
    90 * 24 * 60 * 60_000,
    'ms',
    'of a grant: revocations have to be kept as long'
  ),
  grantsCounted: limit(4096, 'count', 'grants with a bound on how often or how many at once'),
  behalfSeen: limit(
    1024,
    'count',
    'signatures for whom tasks are done that matched: an agent that asks often sends the same again'
  ),
  behalfHeld: limit(
    1024,
    'count',
    'tasks for whose askers this node has a signature, to be shown when their agents ask others'
  ),
  behalfGrants: limit(4, 'count', 'grants of who asked first that travel with a task'),
  behalfWait: limit(
    2000,
    'ms',
    'for the signature of who asked first; without it the task is passed on all the same'
  ),
  revocationBytes: limit(KIB, 'bytes', 'one grant that was taken back, signed'),
  revocationsPerIssuer: limit(
    1000,
    'count',
    'grants taken back by one peer that are remembered: as many as it may have given (`grantsGiven`)'
  ),
  revocationsAtOnce: limit(64, 'count', 'grants taken back that are told in one message'),
  revocations: limit(
    4096,
    'count',
    'grants taken back by other peers that are remembered: 4 MiB of `grants.json`. Who has most makes room'
  ),
  grantChecksRate: limit(
    200,
    'per second',
    'signatures that one peer has checked by what it says of grants: each takes 0.2 ms'
  ),
  grantChecksBurst: limit(
    2048,
    'count',
    'signatures of one peer about grants at once: half of `revocations`, the rest takes it ten seconds'
  ),
  gossipOutbound: limit(
    2 * MIB,
    'bytes',
    'gossip waiting for one slow peer; gossipsub’s own default has no limit'
  ),
  gossipRate: limit(
    1000,
    'per second',
    'gossip messages of one author: twice the records that an honest one tells, each alone'
  ),
  gossipBurst: limit(4000, 'count', 'gossip messages of one author without a pause'),
  gossipPeerRate: limit(
    4000,
    'per second',
    'what one peer says by gossip, whoever wrote it: more than a core can check. Beyond it, it is read later'
  ),
  gossipPeerBurst: limit(
    16_000,
    'count',
    'of one peer by gossip without a pause: 4,000 messages of four authors, or 160 of each of a hundred'
  ),
  gossipTurn: limit(
    4,
    'ms',
    'checking and reading gossip of all peers in a turn of the event loop, and the message with which it is over'
  ),
  gossipLongTurn: limit(
    16,
    'ms',
    'the same where others make turns long: a quarter of a turn up to 64 ms. With 4 ms of 50, 300 messages/s fell behind'
  ),
  gossipUnread: limit(
    64 * KIB,
    'bytes',
    'gossip of one stream that came and was not looked at; then nothing more is read from it'
  ),
  gossipBytes: limit(
    64 * KIB,
    'bytes',
    'one gossip message; above 4 MiB it would kill the receiving stream'
  ),
  gossipOpening: limit(
    1000,
    'ms',
    'until the next gossip stream is opened though a peer has not answered: all at once, a hundred nodes that start on two cores did not meet (measured)'
  ),
  gossipReopen: limit(
    1000,
    'ms',
    'between a stream of gossip that ended, though its peer is connected, and the next one: a heartbeat of gossipsub'
  ),
  storeQueue: limit(
    16_384,
    'count',
    'writes that wait for the disk; at 8,000 tasks/s some 0.3 s of work'
  ),
  storeQueueBytes: limit(64 * MIB, 'bytes', 'bytes of the writes that wait for the disk'),
  storeBatchBytes: limit(
    2 * MIB,
    'bytes',
    'writes that share one fsync; half of LevelDB’s log, so that none waits long behind bulk'
  ),
  storeProbe: limit(5000, 'ms', 'between two looks whether a full disk has room again'),
  storeProbeBytes: limit(
    16 * MIB,
    'bytes',
    'room that must be back before the database is opened again: opening writes out its log of 4 MiB, twice'
  ),
  dashboardCode: limit(
    60_000,
    'ms',
    'for a browser to start, open a page, and make a session of its code'
  ),
  dashboardCodes: limit(16, 'count', 'codes for the dashboard that nobody has used yet'),
  dashboardSession: limit(
    12 * 3_600_000,
    'ms',
    'a session of the dashboard: a working day, after which `lumos dashboard` makes another'
  ),
  dashboardSessions: limit(32, 'count', 'sessions of the dashboard: tabs and browsers of one user'),
  dashboardCache: limit(
    365 * 86_400_000,
    'ms',
    'for which a browser keeps a file of the dashboard whose name changes with its content'
  ),
  apiTokens: limit(1024, 'count', 'tokens for the doors over HTTP that are in force'),
  apiTokenLifetime: limit(365 * 86_400_000, 'ms', 'the longest life of such a token'),
  gatewayBodyBytes: limit(
    10 * MIB,
    'bytes',
    'one request over HTTP: a message of 8 MiB and the escapes that JSON adds'
  ),
  gatewayRequest: limit(30_000, 'ms', 'for an HTTP client to send one whole request'),
  gatewayConnections: limit(4096, 'count', 'connections to the doors over HTTP'),
  jwtBytes: limit(8 * KIB, 'bytes', 'one JWT; the headers of one request may have 16 KiB together'),
  jwtCache: limit(
    4096,
    'count',
    'JWTs that were checked and are known by their hash; 300 bytes each'
  ),
  jwtCacheAge: limit(
    300_000,
    'ms',
    'until a JWT is checked again: together with `jwksAge` how long one counts whose key was withdrawn'
  ),
  jwksBytes: limit(
    256 * KIB,
    'bytes',
    'keys of an issuer of JWTs, or its discovery document; large ones have 30 KiB'
  ),
  jwksFetch: limit(5000, 'ms', 'for an issuer of JWTs to tell its keys'),
  jwksAge: limit(600_000, 'ms', 'until the keys of an issuer of JWTs are fetched again'),
  jwksCooldown: limit(
    30_000,
    'ms',
    'between two requests to an issuer of JWTs, however many unknown keys tokens name'
  ),
  jwksStale: limit(
    86_400_000,
    'ms',
    'for which keys of an issuer that cannot be reached are good: an outage of a day stops nobody'
  ),
  gatewayFailures: limit(
    30,
    'count',
    'failed attempts a minute to come in over HTTP from one address: more than a program with an old token makes'
  ),
  gatewayStrangers: limit(
    4096,
    'count',
    'addresses whose failed attempts are counted; 200 bytes each'
  ),
  tlsFileBytes: limit(
    MIB,
    'bytes',
    'a certificate with its chain, a key, or authorities of clients'
  ),
  tlsReload: limit(10_000, 'ms', 'between two looks whether the files of TLS have changed'),
  tenantRate: limit(
    5000,
    'per second',
    'requests over HTTP of one tenant, or of one token without: more than a client of ours makes'
  ),
  tenantBurst: limit(10_000, 'count', 'of these at once: what comes in two seconds'),
  tenantTasks: limit(
    1024,
    'count',
    'tasks of one tenant that have not ended: a quarter of the places, so that none takes them all'
  ),
  tenantAnswers: limit(
    1024,
    'count',
    'answers to one tenant under way, streams among them: a quarter of the connections'
  ),
  tenantStorageBytes: limit(
    256 * MIB,
    'bytes',
    'ended tasks of one tenant that can be read: a quarter of what the disk is given'
  ),
  tenantsSeen: limit(
    4096,
    'count',
    'tenants and tokens whose requests are counted at the same time; 200 bytes each'
  ),
  tenantTasksBefore: limit(
    128,
    'count',
    'tasks that came over HTTP and are on their way to one agent, not yet begun: less than half of what workers hold for a peer'
  ),
  tenantTasksInLine: limit(1024, 'count', 'tasks that wait for that, of all tenants together'),
  tenantLineWait: limit(30_000, 'ms', 'that a task waits for that before it is refused'),
  usageDelay: limit(60_000, 'ms', 'until requests are written down that no task ended with'),
  usageOwners: limit(
    1024,
    'count',
    'tenants and tokens whose use is told apart on one day, 250 bytes each; others are one'
  ),
  usageDays: limit(92, 'count', 'days of which it is known who used what: a quarter of a year'),
  usageRows: limit(10_000, 'count', 'days and tenants in one report of use'),
  gatewayIdle: limit(
    60_000,
    'ms',
    'a connection over HTTP without a request is kept; whoever needs its place has it before'
  ),
  gatewayCards: limit(
    1024,
    'count',
    'agent cards that were signed for HTTP, and agents in its list'
  ),
  gatewayHeartbeat: limit(
    15_000,
    'ms',
    'without an event a stream over HTTP says that it is alive: proxies end silent ones after 60 s'
  ),
  gatewayStall: limit(
    30_000,
    'ms',
    'a stream over HTTP whose reader does not read is cut: it can go on from its last event'
  ),
  gatewayDrain: limit(
    1000,
    'ms',
    'for answers under way when the node stops; tasks go on after the start'
  ),
  liveConnections: limit(1024, 'count', 'WebSockets at `/v1/live`, of the connections over HTTP'),
  liveStrangers: limit(
    256,
    'count',
    'of them, those that have not said yet who they are: they do not keep out whoever shows a token at once'
  ),
  liveHello: limit(10_000, 'ms', 'for a WebSocket to say who is behind it'),
  liveCalls: limit(64, 'count', 'calls under way of one WebSocket'),
  liveMessageBytes: limit(
    MIB,
    'bytes',
    'one message of a WebSocket’s client: larger ones go by POST, and are followed there'
  ),
  liveBufferBytes: limit(
    MIB,
    'bytes',
    'held for a WebSocket whose reader is slow; above it the next event waits'
  ),
  liveEvents: limit(
    1024,
    'count',
    'events of the node that are remembered for whoever comes back to `/v1/live`; twice as many for moments'
  ),
  liveMemory: limit(300_000, 'ms', 'for which they are remembered when nobody watches'),
  controlBodyBytes: limit(
    10 * MIB,
    'bytes',
    'one request to the control API: a message of 8 MiB and the escapes that JSON adds'
  ),
  memoryImport: limit(
    512,
    'count',
    'facts of one request of an import: with the largest values they fit into `controlBodyBytes`'
  ),
  controlRequest: limit(30_000, 'ms', 'one answer of the control API; streams have no such end'),
  modelTest: limit(
    600_000,
    'ms',
    '`lumos model test`: a model of 40 GB takes minutes from a slow disk; --timeout says less'
  ),
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
  configFileBytes: limit(256 * KIB, 'bytes', 'config.yaml; people write it by hand'),
  spansKept: limit(
    8192,
    'count',
    'newest spans in memory, for `lumos tasks show --trace`: of 2,000 delegations'
  ),
  spanBytesKept: limit(4 * MIB, 'bytes', 'the same, near enough: what traces may cost of memory'),
  spansOfTrace: limit(
    2048,
    'count',
    'of one trace: an agent that asks for ever leaves room for others'
  ),
  spanAttributes: limit(16, 'count', 'facts of one span; those after them are left out'),
  spanText: limit(128, 'count', 'characters of one fact of a span; ids of peers have 52'),
  spanEvents: limit(32, 'count', 'moments within one span'),
  traceSpans: limit(1000, 'count', 'spans in one answer about a task: 300 KiB'),
  traceTasks: limit(64, 'count', 'tasks of one trace that one peer is asked about at once'),
  traceBytes: limit(512 * KIB, 'bytes', 'the spans that one node tells another, near enough'),
  traceAsks: limit(
    20,
    'count',
    'times one peer may ask for traces without a pause; five more each second: each may ask others'
  ),
  tracePeers: limit(32, 'count', 'peers that are asked for their part of one trace'),
  traceWait: limit(
    3000,
    'ms',
    'for the spans of others; whoever is asked for those below it has a part of it'
  ),
  otlpQueue: limit(
    4096,
    'count',
    'spans waiting for a collector, 2 MB: of one that hangs the newer ones are lost'
  ),
  otlpBatch: limit(512, 'count', 'spans in one request to a collector, as OpenTelemetry has it'),
  otlpRequest: limit(10_000, 'ms', 'one request to a collector, as OpenTelemetry has it'),
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
  logComponents: limit(
    256,
    'count',
    'components whose log levels are set, or that are named to who asks'
  ),
  logLevelsFor: limit(604_800_000, 'ms', 'levels of the log that are switched for a time'),
  logStreamBytes: limit(
    1 * MIB,
    'bytes',
    'log lines on stderr that nobody has read yet; later ones are left out'
  ),
  logTextBytes: limit(2048, 'bytes', 'one text in a log line; longer ones are cut'),
  controlBytes: limit(
    CONTROL_BYTES,
    'bytes',
    'one document or one line of the control API: artifacts of a task, or a message with its JSON escapes'
  ),
  agentOutputBytes: limit(8 * MIB, 'bytes', 'one output of an agent; it must fit one message'),
  agentAskDepth: limit(
    8,
    'count',
    'agents that ask each other in a row, here or on other nodes; a circle ends here'
  ),
  agentAskBytes: limit(8 * MIB, 'bytes', 'what one agent may collect from another by `ask`'),
  modelProviders: limit(32, 'count', 'providers of language models of one node'),
  modelsListed: limit(
    1000,
    'count',
    'models of one provider that are kept; OpenRouter lists some 400'
  ),
  modelListBytes: limit(4 * MIB, 'bytes', 'a provider’s list of its models'),
  modelProbe: limit(3000, 'ms', 'a provider’s answer when it is asked for its models'),
  modelProbeEvery: limit(
    60_000,
    'ms',
    'between two questions to a provider on this host, or to one that does not answer'
  ),
  modelListEvery: limit(3_600_000, 'ms', 'between two questions to a provider that answers'),
  modelConcurrency: limit(
    1024,
    'count',
    'requests to one provider at once, unless configured: a connection each, and some 100 kB'
  ),
  modelQueue: limit(4096, 'count', 'requests to one provider that wait for their turn'),
  modelConnect: limit(10_000, 'ms', 'connecting to a provider, TLS included'),
  modelFirstChunk: limit(
    180_000,
    'ms',
    'until an answer begins: a local model may have to be loaded, a large one thinks'
  ),
  modelIdle: limit(60_000, 'ms', 'silence within an answer'),
  modelAnswerBytes: limit(30 * MIB, 'bytes', 'one answer of a model, or a batch of vectors'),
  modelTries: limit(4, 'count', 'attempts at one request before its answer has begun'),
  modelBackoffFirst: limit(500, 'ms', 'most of the wait before the second attempt; it doubles'),
  modelBackoffMost: limit(8000, 'ms', 'most of any such wait'),
  modelRetryAfter: limit(
    60_000,
    'ms',
    'the longest wait that a provider may ask for (Retry-After); beyond it the request fails'
  ),
  modelEmbedBatch: limit(128, 'count', 'texts of one request for vectors'),
  modelKeyBytes: limit(4096, 'bytes', 'one key of a provider; they have 20 to 300'),
  llmSteps: limit(
    20,
    'count',
    'answers of a model in one run, unless its agent says otherwise: one that calls tools for ever ends here'
  ),
  llmToolCalls: limit(32, 'count', 'tool calls in one answer of a model; further ones are refused'),
  llmTextBytes: limit(
    MIB,
    'bytes',
    'text and data of one message to a model: some 250,000 tokens, more than most models take'
  ),
  llmFileBytes: limit(
    8 * MIB,
    'bytes',
    'images and files of one message to a model, in base64; providers take 4 to 20 MiB'
  ),
  llmHistoryTokens: limit(
    8000,
    'count',
    'tokens of earlier turns that are sent again, unless the agent says otherwise; older ones are summarised'
  ),
  llmHistoryMessages: limit(100, 'count', 'messages of a thread that one turn reads'),
  llmTurnMessages: limit(40, 'count', 'messages that one turn adds to its thread'),
  llmKeptTool: limit(2000, 'bytes', 'of a tool call’s input and result each, in a thread'),
  llmNoteBytes: limit(4096, 'bytes', 'working memory of a resource, and the summary of a thread'),
  llmSummaryTime: limit(60_000, 'ms', 'making a summary; without one the thread goes on'),
  stepOutputBytes: limit(2048, 'bytes', 'what those who watch a task see of a tool’s result'),
  fileBytes: limit(4 * MIB, 'bytes', 'one file read; as base64 it fits agentOutputBytes'),
  fileWriteBytes: limit(4 * MIB, 'bytes', 'one file written'),
  fileEntries: limit(1000, 'count', 'entries of one folder that `files` lists'),
  tools: limit(2048, 'count', 'tools of one node, over all sources and versions'),
  toolsOffered: limit(128, 'count', 'tools that a model is told of: OpenAI takes no more'),
  toolTimeout: limit(60_000, 'ms', 'one call of a tool that sets no limit of its own'),
  toolConcurrency: limit(16, 'count', 'calls of one tool at the same time'),
  toolQueue: limit(256, 'count', 'calls that wait for one tool; more are refused at once'),
  toolRate: limit(
    600,
    'count',
    'calls of one tool with effects in a minute: ten a second is more than a model makes on purpose'
  ),
  toolInput: limit(MIB, 'count', 'characters of one input that a model writes'),
  toolOutput: limit(4 * MIB, 'count', 'characters of one result as JSON'),
  toolText: limit(
    64 * KIB,
    'count',
    'characters of one result that a model is given: some 16,000 tokens'
  ),
  toolRules: limit(1024, 'count', 'rules about tools: each call is held against all of them'),
  toolTasks: limit(
    4096,
    'count',
    'tasks of which it is remembered what they have seen; of others that go on, the worst is thought'
  ),
  toolFiles: limit(256, 'count', 'files of the folder of tools'),
  toolLoad: limit(10_000, 'ms', 'loading one file of tools'),
  toolStart: limit(
    1000,
    'ms',
    'how long the start of a node waits for its folder of tools; what loads later comes later'
  ),
  toolReload: limit(
    100,
    'ms',
    'quiet after the last change of a folder of tools: editors write a file in several steps'
  ),
  toolFolderLook: limit(5000, 'ms', 'between two looks whether a folder of tools is there'),
  confinedStart: limit(
    20_000,
    'ms',
    'starting a process for what strangers want done; mathjs took 1.3 s with two busy cores'
  ),
  confinedIdle: limit(60_000, 'ms', 'such a process without work gives its memory back'),
  confinedQueue: limit(64, 'count', 'jobs that wait for one such process'),
  calcTime: limit(3000, 'ms', 'one calculation; the process is killed when it takes longer'),
  calcHeap: limit(128 * MIB, 'bytes', 'heap of the calculator, of which mathjs takes some 30 MiB'),
  calcInput: limit(4096, 'bytes', 'one expression: deeper nesting could only exhaust the stack'),
  calcResult: limit(16 * KIB, 'bytes', 'one result in text; the rest is cut off'),
  transformTime: limit(
    3000,
    'ms',
    'one query of JSON or CSV, or one page made text: 2 MB of markup take 1 s'
  ),
  transformHeap: limit(256 * MIB, 'bytes', 'heap of the process that transforms data'),
  transformInput: limit(
    4 * MIB,
    'count',
    'characters of the data of one query; it is handed to the process in some 10 ms'
  ),
  transformResult: limit(MIB, 'count', 'characters of one result'),
  scriptTime: limit(5000, 'ms', 'one run of JavaScript'),
  scriptMemory: limit(32 * MIB, 'bytes', 'what one script may hold; more fails as out of memory'),
  scriptStack: limit(256 * KIB, 'bytes', 'calls of a script within each other'),
  scriptHeap: limit(64 * MIB, 'bytes', 'heap of the process around the interpreter'),
  scriptInput: limit(MIB, 'count', 'characters of a script and its input'),
  scriptResult: limit(MIB, 'count', 'characters of what a script returns'),
  scriptConsole: limit(16 * KIB, 'count', 'characters that a script may log'),
  webTime: limit(20_000, 'ms', 'fetching one page or file, redirects included'),
  webRedirects: limit(5, 'count', 'redirects that are followed'),
  webBytes: limit(
    2 * MIB,
    'bytes',
    'one answer, decompressed; what is behind is not read, so that a bomb has no room'
  ),
  webRequest: limit(256 * KIB, 'bytes', 'one body that is sent'),
  shellTime: limit(60_000, 'ms', 'one command, unless configured; then all it started is killed'),
  shellOutput: limit(64 * KIB, 'bytes', 'kept of what a command prints, on each of both ways'),
  shellInput: limit(MIB, 'bytes', 'what a command is given to read, and its arguments'),
  shellArguments: limit(256, 'count', 'arguments of one command'),
  summaryBytes: limit(MIB, 'bytes', 'text to summarize: a book of some 170,000 words'),
  summarySentences: limit(400, 'count', 'sentences ranked; the graph grows with their square'),
  clockInput: limit(1024, 'bytes', 'one question to the clock'),
  clockPlaces: limit(24, 'count', 'places in one question: more than the zones of the whole globe'),
  memorySkew: limit(
    60_000,
    'ms',
    'how far ahead of this clock a record may be; later ones wait until they are due'
  ),
  memoryKeyBytes: limit(
    512,
    'bytes',
    'one key of shared memory: it is in three rows and every index'
  ),
  memoryValueBytes: limit(
    32 * KIB,
    'bytes',
    'one value of shared memory; larger things go by blob hash'
  ),
  memorySpaces: limit(
    256,
    'count',
    'spaces of one node: each has a topic and is repaired by itself'
  ),
  memorySpacesForgotten: limit(
    1024,
    'count',
    'spaces that a node knows it was told to forget; the first of them it may be offered again'
  ),
  memorySpacesPerOwner: limit(16, 'count', 'spaces of one other owner that a node takes up'),
  memorySpacesPerTeller: limit(
    16,
    'count',
    'spaces of owners whom this node never met that it takes up of one peer, without a members list; half of `memorySpaces` together'
  ),
  memoryWriters: limit(
    10_000,
    'count',
    'writers of one space: the version vector holds 30 bytes of each at least'
  ),
  memoryWritersPerAuthor: limit(
    512,
    'count',
    'writers of one author in a space, half of them by mere claims, and of all who are not on the members list together: a liar costs a node a name a day (`memoryRename`)'
  ),
  memoryWritersPerTeller: limit(
    1024,
    'count',
    'writers of authors whom this node never met that one peer brings to a space without a members list; half of `memoryWriters` together'
  ),
  memoryCuts: limit(64, 'count', 'writers that one revocation cuts; a statement stays below 2 KiB'),
  memoryStatements: limit(
    4096,
    'count',
    'grants and revocations of one space: peers exchange them whole where they differ'
  ),
  memoryBatchRecords: limit(
    256,
    'count',
    'records of one write to disk, and of one message of repair'
  ),
  memoryBatchBytes: limit(
    128 * KIB,
    'bytes',
    'records of one message of repair, and one more: with the largest record it fits a frame'
  ),
  memoryBatchesMoving: limit(
    4,
    'count',
    'batches of one repair on their way or being checked at the same time'
  ),
  memoryWriteQueue: limit(16_384, 'count', 'own writes to one space that wait for the disk'),
  memoryRename: limit(
    86_400_000,
    'ms',
    'between two new names of this node’s writer on a peer’s mere word: a liar makes it believe that it is a copy'
  ),
  memoryAuditBlocks: limit(
    1024,
    'count',
    'differing blocks that one repair compares; the next one goes on'
  ),
  memoryAuditNames: limit(4096, 'count', 'records that one repair asks for of one block'),
  memoryAuditPeers: limit(
    16,
    'count',
    'peers whose lacks are remembered, `memoryAuditNames` of each, some 6 MB: the next peer is drawn by lot, a few would do'
  ),
  memoryRepairs: limit(
    4,
    'count',
    'repairs that this node runs at once, and calls of repair that it works on at once'
  ),
  memoryRepair: limit(
    600_000,
    'ms',
    'one repair; what it moved stays, and the next goes on. A million records take some 280 s'
  ),
  memoryLastRepair: limit(
    60_000,
    'ms',
    'the repair in the last of the places of `memoryRepairs`: it goes on when there is another one. Peers that took longer lately do not get the last'
  ),
  memoryCall: limit(
    60_000,
    'ms',
    'one answer of repair, or one message of a stream: peers may have to wait for their turn'
  ),
  memoryCallsPerPeer: limit(
    64,
    'count',
    'calls of repair of one peer that wait or are worked on: a repair has one at a time'
  ),
  memoryServeRate: limit(
    5000,
    'per second',
    'records that repair moves for one peer: what one core can verify (132 µs each)'
  ),
  memoryServeBurst: limit(
    20_000,
    'count',
    'records that repair moves for one peer without a pause'
  ),
  memoryBlocks: limit(
    350_000,
    'count',
    'digests of one writer’s blocks in one answer, 22 bytes of each: 7.7 MB of the 8.4 that a message may have'
  ),
  memoryNames: limit(
    16_384,
    'count',
    'records of one block in one answer: 1024 numbers, and forks of them'
  ),
  memoryLiveSpaces: limit(
    200,
    'count',
    'spaces of one node that are told of by gossip; others converge by repair. Peers grant 240 topics'
  ),
  memoryLiveRecords: limit(64, 'count', 'records of one gossip message'),
  memoryLiveBytes: limit(
    32 * KIB,
    'bytes',
    'records of one gossip message: half of what gossip takes'
  ),
  memoryLiveValue: limit(
    4 * KIB,
    'bytes',
    'a record that travels by gossip, which sends it several times; larger ones go by repair'
  ),
  memoryLiveRate: limit(
    500,
    'per second',
    'records that one node tells by gossip; others may expect twice as many. Beyond it, only that there are more'
  ),
  memoryLiveBurst: limit(2000, 'count', 'records that one node tells by gossip without a pause'),
  memoryLiveQueue: limit(
    2000,
    'count',
    'records from gossip that wait to be verified: 0.3 s of a core; more are left to repair'
  ),
  memoryLiveAge: limit(
    120_000,
    'ms',
    'a record that is older does not travel by gossip: it could only be a replay'
  ),
  memoryRests: limit(
    4096,
    'count',
    'pairs of peer and space that are remembered because their last repair failed'
  ),
  memoryConflicts: limit(
    1024,
    'count',
    'writes that lost and wait to be kept for the history of their key; more are not kept'
  ),
  memoryLostBytes: limit(
    16 * MIB,
    'bytes',
    'writes that lost, of one space, kept for a day for the history of their keys. Whose take most of it lose their oldest'
  ),
  memoryWatchers: limit(1024, 'count', 'watchers of one space'),
  memoryPages: limit(256, 'count', 'threads of one space whose newest messages are in memory'),
  memoryPageBytes: limit(4 * MIB, 'bytes', 'keys and values of these; those asked longest ago go'),
  memoryRanges: limit(
    64,
    'count',
    'runs of numbers beyond gaps that are remembered of one writer; what is beyond is sent again'
  ),
  searchCharacters: limit(
    16 * MIB,
    'count',
    'characters of one space that are found by their words; the index takes some 14 bytes for each (measured)'
  ),
  searchVectors: limit(100_000, 'count', 'vectors of one space that can be found'),
  searchFloats: limit(32 * MIB, 'count', 'their numbers, 4 bytes each'),
  searchFlatVectors: limit(
    20_000,
    'count',
    'vectors that are compared one by one; of more, only those near the question are'
  ),
  searchDimensions: limit(
    4096,
    'count',
    'numbers of one vector; 3,072 are the most that models give'
  ),
  searchModels: limit(
    4,
    'count',
    'lengths of vectors in one space: one for each model that made them'
  ),
  searchHits: limit(1000, 'count', 'hits of one search'),
  searchQuestionLength: limit(4096, 'count', 'characters of the question of a search'),
  searchSpaces: limit(
    4,
    'count',
    'spaces whose indexes are in memory; the one asked longest ago goes'
  ),
  searchHeap: limit(
    1536 * MIB,
    'bytes',
    'heap of the thread that searches: `searchSpaces` full indexes and the work on one of them'
  ),
  searchBatch: limit(256, 'count', 'records that are handed to the search thread at once'),
  searchWait: limit(
    25_000,
    'ms',
    'how long a search waits for its index, less than clients wait; building goes on. 100,000 records take some 10 s of CPU the first time'
  ),
  searchIdle: limit(600_000, 'ms', 'an index that nobody asks gives its memory back'),
  searchClose: limit(
    1500,
    'ms',
    'saving indexes when the node stops; without it they are read anew'
  ),
  embedTimeout: limit(30_000, 'ms', 'vectors for one batch of texts'),
  embedCharacters: limit(
    8192,
    'count',
    'of one text that a vector is made for; the rest is left out'
  ),
  embedRetries: limit(
    10_000,
    'count',
    'records of one space that wait for a vector after a failure'
  ),
  mcpServers: limit(32, 'count', 'MCP servers of one node: each is a process, or connections'),
  mcpStart: limit(
    60_000,
    'ms',
    'starting an MCP server until it has told what it offers; npx may have to fetch it first'
  ),
  mcpStop: limit(
    1000,
    'ms',
    'what a stopped MCP server has from the end of its input to SIGTERM, and as much to SIGKILL'
  ),
  mcpCall: limit(300_000, 'ms', 'one call of an MCP server, unless configured'),
  mcpCallsInFlight: limit(64, 'count', 'calls that one MCP server has not answered'),
  mcpMessageBytes: limit(
    8 * MIB,
    'bytes',
    'one message of an MCP server; what it writes without an end ends the connection'
  ),
  mcpDeaths: limit(
    5,
    'count',
    'ends of an MCP server within `mcpDeathWindow`; then it is not started again by itself'
  ),
  mcpDeathWindow: limit(60_000, 'ms', 'in which ends of an MCP server are counted'),
  mcpRetryFirst: limit(250, 'ms', 'wait before an MCP server is started again; it doubles'),
  mcpRetryMost: limit(60_000, 'ms', 'the longest such wait'),
  mcpPing: limit(
    30_000,
    'ms',
    'between two questions whether an MCP server behind HTTP still knows this node'
  ),
  mcpItems: limit(512, 'count', 'tools, resources, templates or prompts of one MCP server'),
  mcpPins: limit(
    2048,
    'count',
    'tools of one MCP server of which is kept how they described themselves, those that are gone among them'
  ),
  mcpTextLength: limit(
    2048,
    'count',
    'characters of one description by an MCP server: more is room for orders to the model'
  ),
  mcpSchemaBytes: limit(32 * KIB, 'bytes', 'schema of one tool of an MCP server'),
  mcpLogRate: limit(
    20,
    'per second',
    'lines of an MCP server’s stderr that go to the log; ten times as many at once'
  ),
  mcpSessions: limit(64, 'count', 'MCP clients that this node serves at the same time'),
  mcpCallerSessions: limit(
    32,
    'count',
    'sessions of MCP that one caller over HTTP has: half of all, and an editor opens several'
  ),
  mcpCallerRequests: limit(
    128,
    'count',
    'requests of MCP that one caller over HTTP waits for, streams included: four a session'
  ),
  mcpReplayEvents: limit(
    1024,
    'count',
    'events that a session of MCP keeps for a client whose stream was cut'
  ),
  mcpReplayBytes: limit(
    MIB,
    'bytes',
    'of such events together, but for the youngest; a reader who is behind by more is cut'
  ),
  mcpToolsServed: limit(
    512,
    'count',
    'agents of the swarm that an MCP client is offered as tools; `find_agents` finds the others'
  ),
  mcpRequestBytes: limit(4 * MIB, 'bytes', 'one message of an MCP client'),
  mcpSubscriptions: limit(64, 'count', 'facts of shared memory that one MCP client watches'),
  mcpAnswerWait: limit(
    600_000,
    'ms',
    'how long the person behind an MCP client may think about a question of an agent'
  ),
  hosts: limit(16, 'count', 'hosted projects of one node: each is a process'),
  hostLineBytes: limit(
    12 * MIB,
    'bytes',
    'one line of a hosted project: an output of `agentOutputBytes`, escaped as JSON'
  ),
  hostQueueBytes: limit(
    MIB,
    'bytes',
    'what a hosted project said and nobody has read; above it its lines wait in the pipe'
  ),
  hostSendBytes: limit(
    32 * MIB,
    'bytes',
    'what a hosted project was told and has not read; above it the process is killed'
  ),
  hostDescriptionBytes: limit(
    24 * KIB,
    'bytes',
    'what a hosted project says of one agent: its card must fit `cardBytes`'
  ),
  hostStart: limit(
    25_000,
    'ms',
    'loading a hosted project until it has told its agents, less than `controlRequest`; Mastra takes 1.3 s, a cold disk more'
  ),
  hostWait: limit(30_000, 'ms', 'how long a task waits for a process that is being started again'),
  hostWatch: limit(500, 'ms', 'between two looks at what memory a hosted process uses'),
  hostSilence: limit(
    20_000,
    'ms',
    'a hosted process that answers nothing so long is killed: its code blocks it, or hangs'
  ),
  hostStop: limit(
    1500,
    'ms',
    'what a hosted process has to end by itself; node and project then end within `nodeStop`'
  ),
  hostDrain: limit(
    20_000,
    'ms',
    'what runs in a hosted project has to end when it is removed, less than `controlRequest`'
  ),
  hostRestarts: limit(3, 'count', 'restarts of a hosted project within `hostRestartWindow`'),
  hostRestartWindow: limit(
    60_000,
    'ms',
    'in which restarts are counted; one more, and it is not started again by itself'
  ),
  hostRestartFirst: limit(200, 'ms', 'wait before a hosted project is started again; it doubles'),
  hostMemory: limit(
    1024 * MIB,
    'bytes',
    'resident memory of a hosted process unless given; three quarters may be heap. Mastra takes 200 MiB'
  ),
  devFolders: limit(512, 'count', 'folders of a project under development that are watched'),
  devEvents: limit(
    1000,
    'count',
    'events of a project under development that wait to be read; more are left out'
  ),
  hostLogLine: limit(
    8 * KIB,
    'bytes',
    'one line that a hosted project prints; the rest is left out'
  ),
  hostLogRate: limit(
    50,
    'per second',
    'lines that a hosted project prints which go to the log; ten times as many at once'
  ),
  hostStateBytes: limit(
    4 * MIB,
    'bytes',
    'what a hosted agent keeps with a question; a conversation, as some frameworks do it'
  ),
  hostStateKept: limit(
    604_800_000,
    'ms',
    'what a hosted agent keeps with a question that nobody answers'
  ),
  hostCalls: limit(
    4096,
    'count',
    'questions of one hosted project to its node that are not answered; a run mostly has one'
  ),
  hostCallBytes: limit(
    128 * MIB,
    'bytes',
    'what they hold of the node: conversations mostly, some 30 kB each'
  ),
  hostCallWindow: limit(
    64,
    'count',
    'pieces of one answer on their way between a node and a hosted project; the next ones wait'
  ),
  hostPieceBytes: limit(
    48 * KIB,
    'bytes',
    'one piece of a blob for a hosted project; 64 KiB as base64'
  ),
  hostToolboxes: limit(16, 'count', 'toolboxes that one run of a hosted agent opens'),
  blobBytes: limit(
    64 * MIB,
    'bytes',
    'one blob; its list of chunks then fits a frame thirty times'
  ),
  blobsBytes: limit(
    4096 * MIB,
    'bytes',
    'all blobs of this node, those on their way here included'
  ),
  blobs: limit(100_000, 'count', 'blobs of this node: each is a file, and a line in memory'),
  blobGrace: limit(
    3_600_000,
    'ms',
    'how long a blob stays that no record names: whoever put it has yet to write the record'
  ),
  blobPartial: limit(86_400_000, 'ms', 'how long what came of a blob waits for the rest'),
  blobsPerValue: limit(64, 'count', 'blobs that one value names and keeps'),
  blobOpen: limit(15_000, 'ms', 'until a peer has begun to answer for a blob, dialling included'),
  blobTransfer: limit(
    600_000,
    'ms',
    'one blob from one peer: 110 kB/s for the largest. What came stays, and the next peer goes on'
  ),
  blobSources: limit(8, 'count', 'peers that are asked for one blob'),
  blobFetches: limit(4, 'count', 'blobs that are fetched at once'),
  blobFetchQueue: limit(256, 'count', 'blobs that wait to be fetched'),
  blobServes: limit(16, 'count', 'blobs that are sent at once'),
  blobServesPerPeer: limit(4, 'count', 'of these, to one peer'),
  swarmMembers: limit(
    4096,
    'count',
    'members one speaker may name, those sent away included: each node keeps the list, 300 bytes a line'
  ),
  swarmKeysKept: limit(
    8,
    'count',
    'keys of the swarm that a node keeps: who was away for more changes needs an invite'
  ),
  keySuccessions: limit(
    32,
    'count',
    'keys that one member of a swarm has had one after the other: then it is invited anew'
  ),
  membersBatch: limit(2000, 'count', 'statements about members in one message: 800 KiB'),
  membersHeardRate: limit(
    80 * KIB,
    'per second',
    'bytes of one peer about members: 200 statements, a signature of each takes 0.2 ms'
  ),
  membersHeardBurst: limit(
    2 * MIB,
    'bytes',
    'of one peer about members at once: two messages of `membersBatch`'
  ),
  membersProofStatements: limit(
    400,
    'count',
    'statements that show why somebody is a member: four members, three rows of `keySuccessions` each'
  ),
  membersSync: limit(
    20_000,
    'ms',
    'between two comparisons of the members list with a random peer: what a lost message costs at most'
  ),
  membersAsk: limit(5000, 'ms', 'one question about members to a peer'),
  membersProof: limit(
    3000,
    'ms',
    'until a peer that is not on the list has shown why it should be'
  ),
  joinDeadline: limit(
    15_000,
    'ms',
    'joining a swarm by one address of the invite, dialling included'
  ),
  invitesOpen: limit(64, 'count', 'invites of one node that are still good; each is a door to try'),
  inviteUses: limit(1000, 'count', 'nodes that one invite lets in'),
  inviteAge: limit(90 * 86_400_000, 'ms', 'how long an invite may be good'),
  inviteCharacters: limit(350, 'count', 'an invite as text: a line of a chat, a QR code'),
  guestStreams: limit(
    2,
    'count',
    'streams of a peer that is not a member: a question and its answer'
  )
} as const satisfies Record<string, Limit>
