/** Every way Lumos can fail, and what to do about it. A test keeps docs/errors.md equal to this table. */

/** Exit codes of the `lumos` command (docs/configuration.md, "Exit codes"). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  daemonUnreachable: 3,
  denied: 4,
  notFound: 5,
  timedOut: 6,
  taskFailed: 7,
  badConfig: 8,
  taskWaiting: 9,
  /** EX_SOFTWARE of sysexits.h: a defect of ours, as service managers know it. */
  crashed: 70,
  interrupted: 130
} as const

interface ErrorRow {
  /** What happened; `{name}` is filled from `details.name`. */
  readonly message: string
  /** What to do next, in one line; `{name}` is filled from `details.name`. */
  readonly hint: string
  /** Whether trying again, perhaps on another peer, can help. */
  readonly retry: boolean
  /** JSON-RPC code of the A2A error that a caller sees. */
  readonly a2a: number
  readonly exit: number
}

const INTERNAL = -32603
const INVALID_PARAMS = -32602

export const ERRORS = {
  INTERNAL: final('something broke inside Lumos', 'please report it with `lumos logs`', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  INVALID_REQUEST: final('the request is not valid: {reason}', 'see docs/protocols', {
    a2a: -32600,
    exit: EXIT.usage
  }),
  UNKNOWN_METHOD: final('the peer does not know the method "{method}"', 'update the peer', {
    a2a: -32601,
    exit: EXIT.failed
  }),
  USAGE: final('{reason}', 'lumos help', { a2a: INVALID_PARAMS, exit: EXIT.usage }),
  CANCELLED: final('cancelled', 'run it again when you are ready', {
    a2a: INTERNAL,
    exit: EXIT.interrupted
  }),
  TIMED_OUT: retryable(
    'no answer within {timeoutMs} ms',
    'try again, or allow more: --timeout 60s',
    EXIT.timedOut
  ),
  QUEUE_TIMED_OUT: retryable(
    'the task waited {timeoutMs} ms for {agent} and was not begun',
    'run it again, perhaps on another node',
    EXIT.timedOut
  ),
  RUN_TIMED_OUT: final(
    '{agent} worked for {timeoutMs} ms, as long as one run may take',
    'ask for less at once, or allow more on its node: tasks.timeouts.run',
    { a2a: INTERNAL, exit: EXIT.timedOut }
  ),
  HEARTBEAT_TIMED_OUT: retryable(
    '{agent} gave no sign of life for {timeoutMs} ms and was stopped',
    'lumos logs, on the node that ran it; then run it again',
    EXIT.timedOut
  ),
  SHUTTING_DOWN: retryable('the node is shutting down', 'try again when it is back', EXIT.failed),

  FRAME_TOO_LARGE: final(
    'a frame of {bytes} bytes exceeds the limit of {limit}',
    'the peer is faulty or hostile; see `lumos logs`',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  FRAME_MALFORMED: final('the peer sent bytes that are no frame: {reason}', 'update the peer', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  STREAM_TRUNCATED: retryable(
    'the stream ended without its end frame',
    'the peer died or the link broke; try again',
    EXIT.failed
  ),
  STREAM_IDLE: retryable(
    'no bytes for {idleMs} ms',
    'the peer hangs or the link is dead; try again',
    EXIT.failed
  ),
  PEER_SILENT: retryable(
    '{peer} is not heard although its session is open',
    'it stands still or is overloaded; what does no harm goes on elsewhere',
    EXIT.failed
  ),
  WRITE_STALLED: retryable(
    'the peer has not read for {idleMs} ms',
    'the peer hangs; try again',
    EXIT.failed
  ),

  VERSION_MISMATCH: final(
    'the peer speaks session protocol {theirs}, this node {ours}',
    'update the older node',
    { a2a: -32009, exit: EXIT.failed }
  ),
  OTHER_SWARM: final(
    '{peer} belongs to another swarm',
    'both nodes need the same swarm name and key: see `lumos status`',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  MEMBERSHIP_INVALID: final(
    'what a peer said about the members of the swarm is not valid: {reason}',
    'the peer is faulty or hostile; see `lumos logs`',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  NOT_A_MEMBER: final(
    '{peer} is not a member of this swarm',
    'ask the owner or an admin of the swarm for an invite, then: lumos join',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  MEMBER_UNKNOWN: final('no member of the swarm is called "{member}"', 'lumos swarm show', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  SWARM_UNKNOWN: final('this node knows no swarm "{swarm}"', 'lumos swarm ls', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  SWARM_EXISTS: final(
    'this node belongs to a swarm "{swarm}" already',
    'choose another name, or first: lumos swarm leave {swarm}',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  SWARM_ROLE: final(
    'the role {role} of this node does not allow it: {needs}',
    'lumos swarm show says who may',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  SWARM_OPEN: final(
    'the swarm is open: it has no key and no members',
    'anybody may take part; for members only: lumos swarm create NAME',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  SWARM_FULL: final(
    'the swarm has had {limit} members, as many as its list holds',
    'begin another swarm: lumos swarm create NAME',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  INVITE_DAMAGED: final(
    'the invite is damaged: {reason}',
    'copy it once more, all of it: it begins with lumos1_',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  INVITE_EXPIRED: final(
    'the invite has expired: it was good until {until}',
    'ask for another one: lumos invite --expires 7d',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  INVITE_USED: final(
    'the invite has been used up',
    'ask for another one: lumos invite --uses 5 is good for five nodes',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  INVITE_WITHDRAWN: final(
    'the inviter does not know the invite, or has taken it back',
    'ask for another one: lumos invite',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  INVITE_OTHER_SWARM: final(
    'the invite is for the swarm "{swarm}" and does not fit: {reason}',
    'give the node a profile of its own: lumos -P NAME join, or first: lumos swarm leave',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  INVITER_UNREACHABLE: retryable(
    'the inviter {peer} could not be reached at {addresses}',
    'its node has to run: lumos status there; is a firewall between you? lumos doctor',
    EXIT.failed
  ),
  INVITES_FULL: final(
    'this node has {limit} invites that are still good',
    'take one back: lumos invite revoke ID',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  DUPLICATE_KEY: final(
    'another node is running with the key of this one',
    'give each node a home of its own: LUMOS_HOME or -P',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  SESSION_CLOSED: retryable(
    'the session with {peer} closed',
    'the node reconnects by itself; try again',
    EXIT.failed
  ),
  SESSION_LIMIT: retryable(
    'too many calls in flight with {peer}',
    'try again in a moment',
    EXIT.failed
  ),
  PROTOCOL_VIOLATION: final('the peer broke the session protocol: {reason}', 'update the peer', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  PAYLOAD_TOO_LARGE: final(
    '{bytes} bytes exceed the limit of {limit} a message',
    'send less, or a file by reference',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  PEER_UNREACHABLE: retryable(
    '{peer} cannot be reached',
    'lumos doctor --peer {peer}',
    EXIT.notFound
  ),
  RELAY_LAPSED: retryable(
    'the place with the relay …{relay} has lapsed: nobody comes by it any more',
    'lumos restart takes a place again; more: lumos doctor',
    EXIT.notFound
  ),
  OVERLOADED: retryable(
    'the peer is busy',
    'try again in {retryAfterMs} ms, or another peer',
    EXIT.failed
  ),
  QUOTA_EXCEEDED: retryable(
    'the quota "{quota}" of {limit} is used up',
    'try again in {retryAfterMs} ms; lumos usage says who used what',
    EXIT.denied
  ),
  CLOCK_SKEW: final(
    'the clocks of this node and {peer} differ by {skewMs} ms',
    'set the clock (NTP)',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),

  CARD_INVALID: final(
    'an agent card of {peer} is not valid: {reason}',
    'the card is ignored; update the peer',
    { a2a: -32006, exit: EXIT.failed }
  ),
  IDENTITY_INVALID: final(
    'the node key in {path} cannot be read: {reason}',
    'restore it from a backup, or move it away to become a new node',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  SWARM_KEY_INVALID: final(
    'the swarm key is not valid: {reason}',
    'copy it again from a member: 64 hex digits',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  HOME_UNUSABLE: final(
    'the home {path} cannot be used: {reason}',
    'check owner and rights, or choose another: LUMOS_HOME',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  FILE_DAMAGED: final(
    'the file {path} says nothing sensible, and without it {loss}',
    'mend it or restore it from a backup; to go on without it, move it away',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  FILE_NOT_WRITTEN: final(
    'the file {path} was not written, since nothing could read it: {reason}',
    'what it said before is still in it; take back what you no longer need, and try again',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  FOLDER_NOT_EMPTY: final(
    'the folder {path} is not empty: it holds {found}',
    'name a folder that does not exist yet',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  FOLDER_UNUSABLE: final(
    'the folder {path} cannot be made: {reason}',
    'check owner and rights, or name another folder',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  STORE_LOCKED: final(
    'the database {path} is open in another process',
    'only the daemon opens it: lumos status',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  STORE_CORRUPT: final(
    'the database {path} is damaged: {reason}',
    'lumos restart: the node keeps a copy of the files, repairs them and says what was lost',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  STORE_FULL: retryable(
    'the disk of the database {path} is full',
    'make room; a node that runs goes on by itself, one that could not start: lumos up',
    EXIT.failed
  ),
  STORE_FAILED: retryable(
    'the database {path} cannot be used: {reason}',
    'check the disk; the node goes on by itself',
    EXIT.failed
  ),
  STORE_CLOSED: retryable(
    'the database is closed',
    'the node is stopping; try again when it is back',
    EXIT.failed
  ),
  STORE_BUSY: retryable('{waiting} writes wait for the disk', 'try again in a moment', EXIT.failed),
  STORE_TOO_NEW: final(
    'the database {path} has schema {found}, this version of Lumos knows {known}',
    'update Lumos, or give this version a home of its own: LUMOS_HOME',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  CONFIG_INVALID: final('the configuration is not valid: {reason}', 'lumos config validate', {
    a2a: INVALID_PARAMS,
    exit: EXIT.badConfig
  }),
  PROFILE_LOCKED: final(
    'the profile "{profile}" is in use by pid {pid}',
    'a second node needs a home of its own: lumos -P two up',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  PORT_IN_USE: final(
    '{address} is in use by another program',
    'choose another: --listen /ip4/0.0.0.0/tcp/0',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  LISTEN_FAILED: final('cannot listen on {address}: {reason}', 'choose another address: --listen', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  CRASHED: final(
    'the node ended because of a defect: {reason}',
    'please report it with `lumos logs`',
    {
      a2a: INTERNAL,
      exit: EXIT.crashed
    }
  ),
  STOP_HUNG: final('the node did not stop within {timeoutMs} ms', 'lumos logs', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  START_FAILED: final('the node did not start: {reason}', 'lumos logs', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  SERVICE_UNAVAILABLE: final(
    'systemd of this user cannot be asked: {reason}',
    'log in as this user (not by su or sudo), or first: sudo loginctl enable-linger "$USER"; elsewhere: lumos service install --print',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  SERVICE_FAILED: final('{unit}: {reason}', 'lumos service logs', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  ROUTE_UNKNOWN: final('the control API has no {method} {path}', 'see docs/openapi.json', {
    a2a: -32601,
    exit: EXIT.usage
  }),
  BROWSER_REFUSED: final(
    'the control API takes no requests from web pages ({header})',
    'use the `lumos` command or a client on the socket',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  DAEMON_DOWN: final('no Lumos node is running for the profile "{profile}"', 'lumos up', {
    a2a: INTERNAL,
    exit: EXIT.daemonUnreachable
  }),
  NODE_TOO_OLD: final(
    'Lumos needs Node 24 or newer, and this is {found}',
    'install it from https://nodejs.org, or: npm install -g node@24',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  DAEMON_STOPPED: final('the node went away during the command', 'lumos status', {
    a2a: INTERNAL,
    exit: EXIT.daemonUnreachable
  }),

  PEER_UNKNOWN: final('no peer is called "{peer}"', 'lumos peers', {
    a2a: -32001,
    exit: EXIT.notFound
  }),
  PEER_AMBIGUOUS: final('"{peer}" fits {count} peers', 'use more of the id: lumos peers --json', {
    a2a: INVALID_PARAMS,
    exit: EXIT.usage
  }),
  AGENT_UNKNOWN: final('no agent is called "{agent}"', 'lumos agents', {
    a2a: -32001,
    exit: EXIT.notFound
  }),
  AGENT_EXISTS: final(
    'this node has another agent that is called "{agent}"',
    'give one of them another id; lumos agents --local shows them',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  AGENTS_FULL: final(
    '{agents} agents are more than the {limit} that one node may offer',
    'run some of them on another node',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  DEMANDS_UNMET: final(
    'the agent "{agent}" demands {demand} of the node that asks it',
    'lumos config set attributes… says what this node is (docs/configuration.md)',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  NO_ROUTE: retryable(
    'no reachable peer offers "{capability}"',
    'lumos find {capability}',
    EXIT.notFound
  ),
  DELEGATION_FAILED: retryable(
    'none of {tried} peers took the task',
    'lumos peers; then try again',
    EXIT.failed
  ),

  DELEGATION_FORBIDDEN: retryable(
    '{peers} refused the task: {reason}',
    'there: lumos swarm role gives this node another role, lumos grant create a grant; lumos audit tells more',
    EXIT.denied
  ),
  ENSEMBLE_FAILED: final(
    'none of {asked} peers answered; the last one failed with {last}',
    'lumos tasks show ID --trace says what each of them said',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  ENSEMBLE_UNDECIDED: final(
    'no majority: {votes} of {asked} asked gave the same answer, where {needed} have to',
    'lumos tasks show ID shows all answers; or ask with --take best',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),

  TASK_NOT_FOUND: final('there is no such task', 'lumos tasks', {
    a2a: -32001,
    exit: EXIT.notFound
  }),
  TASK_NOT_OURS: final(
    'the task {task} belongs to {owner}, who asked for it',
    'only tasks that this node asked for can be removed or asked for again: lumos tasks',
    { a2a: -32001, exit: EXIT.denied }
  ),
  TASK_NOT_CANCELABLE: final('the task has already ended', 'lumos tasks show {task}', {
    a2a: -32002,
    exit: EXIT.failed
  }),
  TASK_CONFLICT: final('the task id {task} is taken by another request', 'choose a new task id', {
    a2a: INVALID_PARAMS,
    exit: EXIT.failed
  }),
  TASK_FAILED: final('the task failed: {reason}', 'lumos tasks show {task}', {
    a2a: INTERNAL,
    exit: EXIT.taskFailed
  }),
  CHAT_NOBODY: final(
    'no node has an agent "chat"',
    'give this node a model: lumos model ls; or talk to another agent: lumos chat AGENT',
    { a2a: INVALID_PARAMS, exit: EXIT.notFound }
  ),
  TASK_RUNNING: final('the task has not ended', 'lumos tasks cancel {task}', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  TASK_WAITING: final(
    'the task waits for an answer',
    'lumos tasks answer {task} "TEXT", then lumos tasks watch {task}',
    { a2a: INTERNAL, exit: EXIT.taskWaiting }
  ),
  TASK_NOT_WAITING: final('the task does not wait for an answer', 'lumos tasks show {task}', {
    a2a: -32004,
    exit: EXIT.failed
  }),
  TASK_SUSPENDED: retryable(
    'the task was interrupted and waits for its node to go on with it',
    'try again in a moment',
    EXIT.failed
  ),
  TASK_INTERRUPTED: final(
    'the node that ran {agent} was interrupted, and the task may have been done in part',
    'check what it did, then lumos tasks retry ID',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  TASK_REFUSED: final('the peer refused the task: {reason}', 'lumos peers', {
    a2a: INTERNAL,
    exit: EXIT.taskFailed
  }),
  UNSUPPORTED_OPERATION: final(
    'this peer does not support {operation}',
    'see its agent card: lumos agents show',
    { a2a: -32004, exit: EXIT.failed }
  ),
  PUSH_NOT_SUPPORTED: final(
    'the node sends no push notifications',
    'subscribe to the task instead',
    { a2a: -32003, exit: EXIT.failed }
  ),
  PUSH_TARGET_FORBIDDEN: final(
    'push notifications may not go there: {reason}',
    'use a public http(s) URL, or have the node’s operator allow the host: tasks.push.allow',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  PUSH_CONFIG_NOT_FOUND: final(
    'the task has no such push notification config',
    'it ends with its task; list those that are left',
    { a2a: -32001, exit: EXIT.notFound }
  ),
  PUSH_CONFIG_LIMIT: final(
    'there are {limit} push notification configs already, which is the most a {scope} may have',
    'delete one that is not needed, or wait for a task to end',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  EXTENDED_CARD_UNAVAILABLE: final('the agent has no extended card', 'use its public card', {
    a2a: -32007,
    exit: EXIT.failed
  }),

  TASK_GONE: final('the task has ended and been forgotten', 'choose a new task id', {
    a2a: -32001,
    exit: EXIT.notFound
  }),
  WORKER_LOST: final(
    '{peer} took the task and does not know it any more; it may have been done in part',
    'check what it did, then run it again',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  SUBSCRIBER_SLOW: retryable(
    'the reader of the task fell more than {limit} bytes behind',
    'subscribe again from the last event',
    EXIT.failed
  ),
  EVENT_GAP: retryable(
    'an event of the task is missing',
    'subscribe again from the last event',
    EXIT.failed
  ),
  CONTENT_TYPE_UNSUPPORTED: final(
    'the agent does not take {mediaType}',
    'see its agent card: lumos agents show',
    { a2a: -32005, exit: EXIT.taskFailed }
  ),
  AGENT_RESPONSE_INVALID: final(
    'the peer sent an answer that is not valid: {reason}',
    'update it',
    {
      a2a: -32006,
      exit: EXIT.failed
    }
  ),
  EXTENSION_REQUIRED: final('the agent needs the extension {extension}', 'update this node', {
    a2a: -32008,
    exit: EXIT.failed
  }),
  API_TOKEN_REFUSED: final(
    'the token is missing, wrong, expired or taken back',
    'lumos auth token create, then: Authorization: Bearer TOKEN',
    { a2a: -32_600, exit: EXIT.denied }
  ),
  JWT_REFUSED: final(
    'the JWT was refused: {reason}',
    'get a new one of an issuer in gateway.jwt, for its audience',
    { a2a: -32_600, exit: EXIT.denied }
  ),
  JWT_KEYS_UNAVAILABLE: retryable(
    'the issuer of the JWT does not tell its keys',
    'try again when it can be reached; on the node: lumos logs',
    EXIT.failed
  ),
  CERTIFICATE_REFUSED: final(
    'the certificate of the client is expired, or of no authority that this node knows',
    'show one that gateway.tls.clientCa vouches for, or a token',
    { a2a: -32_600, exit: EXIT.denied }
  ),
  AUTH_RATE_LIMITED: retryable(
    'too many attempts to come in have failed from this address',
    'try again in {retryAfterMs} ms, with a credential that is in force',
    EXIT.denied
  ),
  HOST_REFUSED: final(
    'this node does not go by the host name of the request',
    'name it in gateway.allowedHosts, or use its address',
    { a2a: -32_600, exit: EXIT.denied }
  ),
  ORIGIN_REFUSED: final(
    'pages of that origin may not come in',
    'name it in gateway.allowedOrigins',
    { a2a: -32_600, exit: EXIT.denied }
  ),
  TLS_FILE_UNUSABLE: final(
    '{setting} cannot be used: {reason} ({path})',
    'give a PEM file that this user can read: lumos config set {setting} PATH',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  TLS_KEY_MISMATCH: final(
    'the key in {key} is not that of the certificate in {cert}',
    'give the two that were made together: gateway.tls.cert and gateway.tls.key',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  DASHBOARD_CODE_REFUSED: final('the code has expired, or was used before', 'lumos dashboard', {
    a2a: -32_600,
    exit: EXIT.denied
  }),
  DASHBOARD_UNAVAILABLE: final('the dashboard cannot be opened: {reason}', '{fix}', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  API_TOKEN_UNKNOWN: final('there is no token "{token}"', 'lumos auth token ls', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  API_ROLE_UNKNOWN: final(
    'there is no role "{role}"; there are: {known}',
    'name it in gateway.roles: lumos config set gateway.roles',
    { a2a: INVALID_PARAMS, exit: EXIT.notFound }
  ),
  API_TOKENS_FULL: final(
    'this node has {limit} tokens',
    'take one back: lumos auth token revoke ID',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),

  A2A_VERSION_UNSUPPORTED: final(
    'the caller speaks A2A {theirs}, this node {ours}',
    'update the older node',
    { a2a: -32009, exit: EXIT.failed }
  ),

  RECORD_INVALID: final('a record of shared memory is not valid: {reason}', 'update the peer', {
    a2a: INVALID_PARAMS,
    exit: EXIT.failed
  }),

  SPACE_INVALID: final(
    'a description of a memory space is not valid: {reason}',
    'update the peer',
    {
      a2a: INVALID_PARAMS,
      exit: EXIT.failed
    }
  ),
  SPACE_UNKNOWN: final(
    'there is no memory space {space} here',
    'lumos spaces ls shows the spaces of this node; with --forgotten, those it was told to forget',
    { a2a: INVALID_PARAMS, exit: EXIT.notFound }
  ),
  WRITE_DENIED: final(
    'this node may not write "{key}" in the space {space}: {reason}',
    'ask the owner of the space for a grant',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  SPACE_FULL: final('the space {space} has no room for this: {reason}', '{fix}', {
    a2a: INVALID_PARAMS,
    exit: EXIT.failed
  }),
  SPACE_AMBIGUOUS: final(
    '{count} memory spaces of other owners are called {space}',
    'lumos spaces ls shows their ids: use one instead of the name',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  SPACE_EXISTS: final(
    'this node already has a memory space {space}',
    'lumos spaces ls; choose another name',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  SPACE_NOT_OWNED: final(
    'only its owner, {owner}, can do this with the space {space}',
    'lumos spaces show {space}',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  SPACE_OF_EVERYBODY: final(
    'the space {space} is that of all nodes of the swarm and cannot be forgotten',
    'delete what is not needed there: lumos memory rm KEY; or leave: lumos swarm leave',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  SPACE_OWNED: final(
    'this node owns the space {space}: what no other member has copied would be lost',
    'if that is meant: lumos spaces forget {space} --force',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  VALUE_TOO_LARGE: final(
    'the value of "{key}" has {bytes} bytes; the space {space} takes {limit}',
    'write less, or several keys',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  FACT_UNKNOWN: final(
    'nothing is known under "{key}" in the space {space}',
    'lumos memory ls shows what is',
    { a2a: INVALID_PARAMS, exit: EXIT.notFound }
  ),
  REPAIR_REFUSED: final('memory repair with the peer ended: {reason}', 'lumos logs', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  SEAL_BROKEN: final(
    'a sealed record cannot be opened with the key of its space',
    'ask the owner of the space for its key',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),

  SEARCH_INVALID: final('this search has no answer: {reason}', 'see docs/memory.md, "Search"', {
    a2a: INVALID_PARAMS,
    exit: EXIT.usage
  }),
  SEARCH_BUSY: retryable(
    'the index is still being built, or too many spaces are searched at once',
    'try again in a few seconds',
    EXIT.failed
  ),
  SEARCH_FAILED: retryable(
    'the search index failed: {reason}',
    'try again, or lumos logs',
    EXIT.failed
  ),
  BLOB_TOO_LARGE: final('a blob may have {limit} bytes', 'split it', {
    a2a: INVALID_PARAMS,
    exit: EXIT.usage
  }),
  BLOBS_FULL: retryable(
    'this node has no room for more blobs',
    'delete records that name blobs; they go after an hour',
    EXIT.failed
  ),
  BLOB_MISSING: retryable(
    'no peer that is connected has the blob {hash}',
    'try again when the peer that wrote it is here',
    EXIT.failed
  ),
  BLOB_INVALID: final(
    'the peer sent other bytes than those of the blob {hash}',
    'update the peer',
    {
      a2a: INTERNAL,
      exit: EXIT.failed
    }
  ),

  AGENT_INPUT: final('the agent cannot use this input: {reason}', 'lumos agents show {agent}', {
    a2a: INVALID_PARAMS,
    exit: EXIT.taskFailed
  }),
  AGENT_FAILED: final(
    'the agent "{agent}" failed: {reason}',
    'lumos logs, on the node that ran it',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  AGENT_OUTPUT: final(
    'the agent "{agent}" broke its contract: {reason}',
    'its author finds the rules in docs/agents.md',
    { a2a: -32006, exit: EXIT.taskFailed }
  ),
  HOST_UNKNOWN: final('no hosted project is called "{host}"', 'lumos host ls', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  HOST_EXISTS: final(
    'another project is hosted as "{host}"',
    'choose another name: --name; or end that one: lumos host rm {host}',
    { a2a: INVALID_PARAMS, exit: EXIT.usage }
  ),
  HOST_INVALID: final('{path} cannot be hosted: {reason}', 'see docs/hosting.md', {
    a2a: INVALID_PARAMS,
    exit: EXIT.failed
  }),
  HOST_LIMIT: final(
    '{limit} projects are hosted already, which is the most a node may have',
    'lumos host rm NAME',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  HOST_DOWN: retryable(
    'the hosted project "{host}" does not run: {reason}',
    'lumos host show {host}; then lumos host restart {host}',
    EXIT.failed
  ),
  HOST_DIED: final(
    'the process that ran {agent} ended before the task did, which may have been done in part',
    'check what it did, then run it again; lumos logs --component host.{host}',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  ASKED_TOO_DEEP: final(
    'agents asked each other more than {limit} deep, perhaps in a circle',
    'see docs/agents.md, "Asking others"',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  ASKED_IN_CIRCLE: final(
    'the agent "{agent}" waits for this very answer itself: it asked for it',
    'see docs/agents.md, "Asking others"',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  BUDGET_SPENT: final(
    'what may be spent on the task is spent: {limit} {what}',
    'allow more (lumos run --budget), or ask for less at once',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  AGENT_BUDGET: final(
    'the run of "{agent}" was ended: it used up its {limit} {what}',
    'ask for less at once, or raise `limits` of the agent',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  ANSWER_EMPTY: retryable(
    'the model {model} ended without an answer',
    'try again, or another model: lumos model ls',
    EXIT.taskFailed
  ),
  ANSWER_REFUSED: final(
    'the model {model} declined to answer',
    'ask otherwise, or another model: lumos model ls',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  ANSWER_INVALID: final(
    'the answer of the model {model} does not fit the schema of "{agent}": {reason}',
    'try another model: lumos model ls',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  ANSWER_RESTARTED: retryable(
    'the agent began anew, and what it had said counts no more',
    'ask again; `lumos tasks` shows what became of the task',
    EXIT.taskFailed
  ),
  MODEL_NONE: final(
    'this node has no language model',
    'set OPENAI_API_KEY, start Ollama, or: lumos model add NAME --key-file PATH',
    { a2a: INTERNAL, exit: EXIT.notFound }
  ),
  MODEL_UNKNOWN: final('no model is called "{model}"; there are: {known}', 'lumos model ls', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  MODEL_UNREACHABLE: retryable(
    'the model {model} cannot be reached: {reason}',
    'lumos model test {model}',
    EXIT.failed
  ),
  MODEL_REFUSED: final(
    'the server of the model {model} refused the key (HTTP {status})',
    'give it another: lumos model add NAME --key-file PATH; lumos model ls says where this one is from',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  MODEL_LIMITED: retryable(
    'the model {model} takes no more requests now: {reason}',
    'try again later, or another model: lumos model default A B',
    EXIT.failed
  ),
  MODEL_REJECTED: final(
    'the model {model} does not take this request: {reason}',
    'ask for less or otherwise, or another model: lumos model ls',
    { a2a: INTERNAL, exit: EXIT.taskFailed }
  ),
  MODEL_FAILED: retryable(
    'the model {model} failed: {reason}',
    'try again, or: lumos model test {model}',
    EXIT.taskFailed
  ),
  MODEL_PROVIDER_UNKNOWN: final('no provider of models is called "{provider}"', 'lumos model ls', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  MODEL_PROVIDER_INVALID: final(
    'the provider "{provider}" cannot be used: {reason}',
    'see docs/models.md',
    {
      a2a: INVALID_PARAMS,
      exit: EXIT.usage
    }
  ),
  MODEL_CONFIGURED: final('{what} comes from {source}', 'change it there, then: lumos restart', {
    a2a: INVALID_PARAMS,
    exit: EXIT.failed
  }),
  TOOL_UNKNOWN: final('there is no tool "{tool}"', 'lumos tools', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  TOOL_INPUT: final('the tool cannot use this input: {reason}', 'lumos tools show NAME', {
    a2a: INVALID_PARAMS,
    exit: EXIT.usage
  }),
  TOOL_OUTPUT: final(
    'the tool "{tool}" returned what it must not: {reason}',
    'its author finds the rules in docs/tools.md',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  TOOL_FAILED: final('the tool "{tool}" failed: {reason}', 'lumos logs', {
    a2a: INTERNAL,
    exit: EXIT.failed
  }),
  TOOL_TIMED_OUT: retryable(
    'the tool "{tool}" did not end within {timeoutMs} ms',
    'ask for less at once',
    EXIT.timedOut
  ),
  TOOL_BUSY: retryable(
    'the tool "{tool}" is used too often: {reason}',
    'try again in a moment',
    EXIT.failed
  ),
  FORBIDDEN: final(
    'this peer may not do that: {operation} ({reason})',
    'lumos audit tells more at the node that refused; ask its owner for a role or a grant',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  KEY_LOCKED: final(
    'the key of this node is encrypted: {reason}',
    'start it in a terminal, which asks for the passphrase, or name a file: LUMOS_KEY_PASSPHRASE_FILE',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  KEY_PASSPHRASE: final(
    'the passphrase does not open the key of {peer}, or its file was changed',
    'try the other passphrase, or import a copy: lumos keys import',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  KEY_EXISTS: final(
    'this node has a key already: {peer}',
    'lumos keys import FILE --force keeps a copy of it and puts the other in its place',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  KEY_SUCCEEDED: final(
    'the key of {peer} was given up: that node is {heir} now',
    'use the key that came after it; from a backup of the old one, begin a new node: lumos -P NAME join',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  KEY_ROTATING: final(
    'the key of this node is being changed, and that was not finished',
    'run it once more, with the same passphrase: lumos keys rotate',
    { a2a: INTERNAL, exit: EXIT.badConfig }
  ),
  SUCCESSION_REFUSED: final(
    'the members of the swarm "{swarm}" would not take a new key for this node: {reason}',
    'begin a list of members with `lumos invite`, or become a new node: move node.key away',
    { a2a: INTERNAL, exit: EXIT.denied }
  ),
  AUDIT_BROKEN: final(
    'the audit log is not as it was written: {file}, line {line}: {reason}',
    'compare it with a copy of the folder audit/ of the data directory; it goes on behind the break',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  GRANT_INVALID: final(
    'the grant is worth nothing: {reason}',
    'ask who gave it for a new one: lumos grant create',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  GRANT_UNKNOWN: final('there is no grant {grant}', 'lumos grant ls', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  GRANT_EXPIRED: final(
    'the grant {grant} has expired',
    'ask who gave it for a new one: lumos grant create',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  GRANT_REVOKED: final(
    'the grant {grant} was taken back',
    'ask who gave it why, and for a new one: lumos grant create',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),

  BEHALF_INVALID: final(
    'it is not proven for whom the task is done: {reason}',
    'the peer that passed it on is at fault, or the clock of a node: lumos doctor',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),

  TOOL_DENIED: final(
    'the tool "{tool}" may not be used: {reason}',
    'the owner of the node decides: lumos tools allow {tool}',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  TOOL_CONSENT: final(
    'the tool "{tool}" needs the consent of a person',
    'say it with --yes, or for good: lumos tools allow {tool}',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  TOOL_FILE_BROKEN: final(
    '{file} has no tools that can be loaded: {reason}',
    'mend the file: it is loaded again when it changes',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  TOOL_RULES_FULL: final(
    'there are {limit} rules about tools already, which is the most there may be',
    'use one with a pattern for several tools, or lumos tools reset NAME',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  TOOLS_FULL: final(
    '{tools} tools are more than the {limit} that one node may have',
    'remove a server of tools, or files of the folder',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  MCP_SERVER_UNKNOWN: final('no MCP server is called "{server}"', 'lumos mcp', {
    a2a: INVALID_PARAMS,
    exit: EXIT.notFound
  }),
  MCP_SERVER_EXISTS: final(
    'there is an MCP server "{server}" already',
    'choose another name, or first: lumos mcp rm {server}',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  MCP_SERVER_FIXED: final(
    'the MCP server "{server}" stands in the configuration',
    'change it there, then: lumos restart',
    { a2a: INVALID_PARAMS, exit: EXIT.failed }
  ),
  MCP_SERVERS_FULL: final(
    'a node may have {limit} MCP servers',
    'remove one that is not needed: lumos mcp rm NAME',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  MCP_SERVER_DOWN: retryable(
    'the MCP server "{server}" cannot be used: {reason}',
    'lumos mcp show {server}; lumos mcp restart {server}',
    EXIT.failed
  ),
  MCP_REFUSED: final(
    'the MCP server "{server}" refused: {reason}',
    'lumos mcp show {server} says what it offers',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  MCP_BUSY: retryable(
    'the MCP server "{server}" has {calls} calls to answer',
    'try again in a moment',
    EXIT.failed
  ),
  GATEWAY_CLOSED: final(
    'the doors over HTTP are shut',
    'open them: lumos config set gateway.enabled true, then: lumos restart',
    { a2a: INTERNAL, exit: EXIT.failed }
  ),
  MCP_SESSION_UNKNOWN: final(
    'there is no such session of MCP',
    'greet again: send initialize without Mcp-Session-Id',
    { a2a: INVALID_PARAMS, exit: EXIT.notFound }
  ),
  PATH_DENIED: final(
    'the path is outside the folders that this node shares',
    'share a folder: lumos config set agents.files.roots',
    { a2a: INVALID_PARAMS, exit: EXIT.denied }
  ),
  FILE_EXISTS: final('there is a file of that name already', 'choose another name, or replace it', {
    a2a: INVALID_PARAMS,
    exit: EXIT.failed
  })
} as const satisfies Record<string, ErrorRow>

/** A failure that trying again does not mend. */
function final(message: string, hint: string, codes: { a2a: number; exit: number }): ErrorRow {
  return { message, hint, retry: false, ...codes }
}

/** A failure that may not happen again, on this peer or on another. */
function retryable(message: string, hint: string, exit: number): ErrorRow {
  return { message, hint, retry: true, a2a: INTERNAL, exit }
}
