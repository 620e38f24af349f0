/** What can be configured: the one place for names, meanings, bounds and defaults. */
import { isDeepStrictEqual } from 'node:util'
import { multiaddr } from '@multiformats/multiaddr'
import { z } from 'zod'
import { asAttributes } from '../../core/attributes.ts'
import { LIMITS } from '../../core/limits.ts'
import { ROUTE_POLICIES } from '../../core/route-choice.ts'
import { serverInit, serverName } from '../../gateway/control/schema/mcp.ts'
import { isWebAllowance } from '../../core/web-targets.ts'
import { DEFAULT_POLICY } from '../../routing/policy.ts'
import { isLabel } from '../../trust/node-name.ts'
import { BUILTIN_TOOL_PATHS } from './builtin-tools-section.ts'
import { duration, within } from './duration.ts'
import { gateway, GATEWAY_PATHS } from './gateway-section.ts'
import { metrics } from './metrics-section.ts'
import { models } from './models-section.ts'
import { tools } from './tools-section.ts'
import { tracing } from './tracing-section.ts'

/** L-U-M-O on the keys of a phone. A default port that is taken gives way to a free one. */
export const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/5866', '/ip4/0.0.0.0/tcp/5868/ws'] as const

export const BUILT_IN_AGENTS = ['echo', 'clock', 'calc', 'files', 'summarize', 'sysinfo'] as const

/** Keys whose values are paths: relative ones count from where they are written down. */
export const PATH_KEYS: ReadonlySet<string> = new Set([
  'swarm.keyFile',
  'key.passphraseFile',
  'agents.files.roots',
  'tools.folder',
  ...BUILTIN_TOOL_PATHS,
  ...GATEWAY_PATHS
])

const label = z
  .string()
  .refine(isLabel, 'must be 1 to 63 lower case letters, digits and inner dashes')
const address = z.string().refine(isAddress, 'must be a multiaddr such as /ip4/0.0.0.0/tcp/5866')
const level = z.enum(['trace', 'debug', 'info', 'warn', 'error'])
const count = (least: number, most: number): z.ZodNumber => z.int().min(least).max(most)

const swarm = z.strictObject({
  name: label.default('home').describe('Swarm to belong to.'),
  open: z
    .boolean()
    .default(false)
    .describe('Join a swarm without key: anybody on the network can take part.'),
  keyFile: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'File with the key of the swarm, 64 hex digits. Without it: `LUMOS_SWARM_KEY`, or the key that this user’s nodes on this host share.'
    )
})

const key = z.strictObject({
  passphraseFile: z
    .string()
    .min(1)
    .exactOptional()
    .describe('File with the passphrase of the node’s key, once `lumos keys encrypt` was used.')
})

const discovery = z.strictObject({
  mdns: z.boolean().default(true).describe('Look for nodes on the local network.'),
  sameHost: z
    .boolean()
    .default(true)
    .describe('Look for nodes of the same user on this host, and share the swarm’s key with them.')
})

const network = z.strictObject({
  targetPeers: count(1, 64).default(8).describe('Peers to keep a session with, well spread.'),
  relayService: z
    .boolean()
    .default(false)
    .describe(
      'Be a relay: carry traffic between members that cannot reach each other. They find it by themselves.'
    ),
  natTraversal: z
    .boolean()
    .default(true)
    .describe(
      'Ask peers whether they can dial this node, take a place with a relay where they cannot, and punch holes.'
    ),
  dht: z
    .enum(['auto', 'client', 'server'])
    .default('auto')
    .describe(
      'Whether this node keeps records of the DHT and answers for it (`server`), or only asks (`client`). `auto`: a server, unless peers cannot dial it.'
    )
})

const agents = z.strictObject({
  enabled: z
    .array(z.enum(BUILT_IN_AGENTS))
    .default([...BUILT_IN_AGENTS])
    .describe('Built-in agents that this node offers.'),
  concurrency: count(1, 4096)
    .default(LIMITS.agentConcurrency.value)
    .describe('Tasks one agent works on at the same time.'),
  queue: count(0, 65_536)
    .default(LIMITS.agentQueue.value)
    .describe('Accepted tasks that wait for one agent; more are refused at once.'),
  files: z
    .strictObject({
      roots: z
        .array(z.string().min(1))
        .default([])
        .describe('Folders that the agents may read. None by default.')
    })
    .prefault({})
})

const timeouts = z.strictObject({
  total: within(LIMITS.taskDuration.value)
    .prefault('24h')
    .describe('How long a task may take from its acceptance on, whatever its caller allows.'),
  queue: within(LIMITS.taskDuration.value)
    .exactOptional()
    .describe('How long an accepted task may wait for its turn. An agent’s own value comes first.'),
  run: within(LIMITS.taskDuration.value)
    .exactOptional()
    .describe('How long one run of an agent may take. An agent’s own value comes first.'),
  heartbeat: within(LIMITS.taskDuration.value)
    .exactOptional()
    .describe('How long a running agent may say nothing. An agent’s own value comes first.')
})

const push = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Send push notifications (A2A) to the URLs that callers of tasks name.'),
  allow: z
    .array(
      z.string().refine(isWebAllowance, 'must be a host, an address or a network like 10.0.0.0/8')
    )
    .default([])
    .describe(
      'Hosts, addresses and networks that get push notifications although they are not public.'
    )
})

const tasks = z.strictObject({
  active: count(1, 65_536)
    .default(LIMITS.tasksActive.value)
    .describe('Accepted tasks that have not ended, over all agents.'),
  keep: z
    .enum(['disk', 'memory'])
    .default('disk')
    .describe('Where tasks are kept: in `memory` they cost less, and end with the node.'),
  retention: duration.prefault('24h').describe('How long an ended task can be read.'),
  requireProof: z
    .boolean()
    .default(false)
    .describe(
      'Refuse tasks that peers pass on for others without signatures that prove for whom they ask.'
    ),
  timeouts: timeouts.prefault({}),
  push: push.prefault({})
})

const policy = z.enum(ROUTE_POLICIES)
const routing = z.strictObject({
  policy: policy
    .default(DEFAULT_POLICY)
    .describe(
      'How the worker of a task is chosen among those that can do it: see docs/routing.md.'
    ),
  policies: z
    .record(z.string(), policy)
    .default({})
    .describe(
      'Likewise for what is asked for: ids of agents or skills, or tags, such as `chat: sticky`.'
    )
})

const memory = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Keep the shared memory of the swarm, so that agents here can use it.'),
  gossip: z
    .boolean()
    .default(true)
    .describe(
      'Tell of updates by gossip. Without it peers learn of them when they compare, every half minute.'
    )
})

const log = z.strictObject({
  level: level.default('info').describe('Lines of this level and the more urgent ones are kept.'),
  components: z
    .record(z.string(), level)
    .default({})
    .describe('Levels of single parts, such as `libp2p: debug`.'),
  format: z
    .enum(['pretty', 'json'])
    .exactOptional()
    .describe('Form of the log on stderr. Without it: pretty on a terminal, else json.')
})

const mcp = z.strictObject({
  servers: z
    .record(serverName, serverInit)
    .default({})
    .describe('MCP servers that this node uses, by name; docs/mcp.md says what one is made of.')
})

export const nodeConfigSchema = z.strictObject({
  name: label
    .exactOptional()
    .describe('Readable name of the node. Without it: two words made from its key.'),
  swarm: swarm.prefault({}),
  key: key.prefault({}),
  listen: z
    .array(address)
    .default([...DEFAULT_LISTEN])
    .describe('Addresses to listen on. A default port that is taken gives way to a free one.'),
  announce: z
    .array(address)
    .default([])
    .describe('Addresses told to peers instead of those listened on.'),
  attributes: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
    .refine(
      (given) => isDeepStrictEqual(asAttributes(given), given),
      'must be texts of at most 64 characters, numbers or booleans, by names of lower-case letters'
    )
    .default({})
    .describe(
      'What this node says of itself, for agents that demand it of those who ask them: `region: eu`.'
    ),
  bootstrap: z.array(address).default([]).describe('Nodes to connect to at start, and again.'),
  discovery: discovery.prefault({}),
  network: network.prefault({}),
  agents: agents.prefault({}),
  tasks: tasks.prefault({}),
  routing: routing.prefault({}),
  memory: memory.prefault({}),
  mcp: mcp.prefault({}),
  gateway: gateway.prefault({}),
  metrics: metrics.prefault({}),
  models: models.prefault({}),
  tools: tools.prefault({}),
  log: log.prefault({}),
  tracing: tracing.prefault({})
})

/** Durations are milliseconds, paths absolute. */
export type NodeConfig = z.output<typeof nodeConfigSchema>

function isAddress(text: string): boolean {
  try {
    return multiaddr(text).getComponents().length > 0
  } catch {
    return false
  }
}
