/** A node for programs: what `lumos-mesh` exports, without daemon, files of configuration or terminal. */
import type { z } from 'zod'
import type { Agent } from '../agents/agent.ts'
import type {
  AgentList,
  FindResult,
  PeerList,
  RunEvent,
  RunRequest,
  Status
} from '../client/api.ts'
import { systemClock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import { silentLogger } from '../core/logger.ts'
import type { Logger } from '../core/logger.ts'
import type { Memory } from '../core/memory.ts'
import { resolvePaths } from '../core/paths.ts'
import { systemRandom } from '../core/random.ts'
import { Secret } from '../core/secret.ts'
import type { NodeConfig, nodeConfigSchema } from './config/schema.ts'
import type { SwarmMemberOperations } from '../gateway/control/swarm-operations.ts'
import { NO_LOG } from './logging/no-log.ts'
import { packageVersion } from './version.ts'

/** Every key of the configuration (docs/configuration.md), and what only a program can give. */
export interface NodeOptions extends Omit<z.input<typeof nodeConfigSchema>, 'agents' | 'tools'> {
  /** Folder of this node's key and files; two nodes must not share one. */
  readonly home: string
  /** Agents of your own, made with `defineAgent`. */
  readonly agents?: readonly Agent[]
  /** Configuration of the built-in agents: which are enabled, what `files` may read. */
  readonly builtin?: z.input<typeof nodeConfigSchema>['agents']
  /** Tools of your own, for the agents of this node: made with `tool` or with Mastra's `createTool`. */
  readonly tools?: readonly object[]
  /** Configuration of tools: who may use them, a folder of them, what the built-in ones may reach. */
  readonly toolbox?: z.input<typeof nodeConfigSchema>['tools']
  /** 64 hex digits or `file:PATH`. Without it: the key in the home, or the one shared on this host. */
  readonly swarmKey?: string
  /** `lumos1_…` from `lumos invite` or {@link LumosNode.invite}: joins that swarm before anything else. */
  readonly invite?: string
  /** Where nodes of this host meet; default: the user's runtime directory. */
  readonly runtimeDirectory?: string
  readonly logger?: Logger
}

export interface RunOptions extends Omit<RunRequest, 'target' | 'text'> {
  /** Ends the story, not the task. */
  readonly signal?: AbortSignal
}

export interface LumosNode extends Component, AsyncDisposable {
  readonly peerId: string
  readonly name: string
  /** What the nodes of the swarm know together; from the start to the stop. */
  readonly memory: Memory
  /** Multiaddrs with the PeerId, once started: what another node takes as `bootstrap`. */
  addresses(): readonly string[]
  /** Has an agent do something, here or on the best peer, and tells what happens. */
  run(target: string, text: string, options?: RunOptions): AsyncIterable<RunEvent>
  /** Answers what a task asks (`input-required`); resolves when the answer is on disk. */
  answer(task: string, text: string): Promise<void>
  find(query: string): Promise<FindResult>
  peers(): Promise<PeerList>
  agents(): Promise<AgentList>
  status(): Promise<Status>
  /** The swarm and its members: `invite` makes what another node takes as `invite`. */
  readonly members: SwarmMemberOperations
}

const NEVER = new AbortController().signal

/**
 * A node that is assembled but not started.
 *
 * @throws CONFIG_INVALID, HOME_UNUSABLE, IDENTITY_INVALID, SWARM_KEY_INVALID, PORT_IN_USE
 */
export async function createNode(options: NodeOptions): Promise<LumosNode> {
  const { home, agents = [], tools = [], swarmKey, invite, runtimeDirectory, logger } = options
  const { assemble, createOperations, createNodeGateway, schema } = await loadParts()
  const config = readConfig(options, schema)
  const runtime = runtimeDirectory ?? process.env['LUMOS_RUNTIME_DIR']
  const paths = resolvePaths({
    ...process.env,
    LUMOS_HOME: home,
    ...(runtime && { LUMOS_RUNTIME_DIR: runtime })
  })
  const assembly = await assemble(
    { clock: systemClock, random: systemRandom, logger: logger ?? silentLogger },
    {
      config,
      paths,
      agents,
      tools,
      env: process.env,
      version: packageVersion(),
      ...(swarmKey && { swarmKey: new Secret(swarmKey) }),
      ...(invite && { invite: new Secret(invite) })
    }
  )
  // A program has its own ways in.
  const gateway = createNodeGateway(assembly, { enabled: false })
  const operations = createOperations(assembly, {
    gateway,
    socket: '',
    values: [],
    ...NO_LOG,
    requestStop: () => undefined
  })
  const { control } = operations

  async function start(): Promise<void> {
    await assembly.start()
    await operations.start()
  }

  async function stop(): Promise<void> {
    await operations.stop()
    await assembly.stop()
  }

  return {
    peerId: assembly.wire.identity.peer,
    name: assembly.wire.name,
    memory: assembly.memoryFor(),
    addresses: () => assembly.wire.network.addresses(),
    start,
    stop,
    [Symbol.asyncDispose]: stop,
    run: (target, text, { signal = NEVER, ...request } = {}) =>
      control.run({ ...request, target, text }, signal),
    async answer(task, text) {
      await control.answerTask(task, { text })
    },
    find: (query) => control.find(query, { all: false, signal: NEVER }),
    peers: () => control.peers(),
    agents: () => control.agents(),
    status: () => control.status(),
    members: control.members
  }
}

/** What a program gives besides configuration. */
const PARTS = [
  'home',
  'agents',
  'tools',
  'swarmKey',
  'invite',
  'runtimeDirectory',
  'logger'
] as const

function withoutParts(options: NodeOptions): Omit<NodeOptions, (typeof PARTS)[number]> {
  const rest = { ...options }
  for (const part of PARTS) Reflect.deleteProperty(rest, part)
  return rest
}

function readConfig(options: NodeOptions, schema: typeof nodeConfigSchema): NodeConfig {
  const { builtin, toolbox, ...rest } = withoutParts(options)
  const config = schema.safeParse({
    ...rest,
    ...(builtin && { agents: builtin }),
    ...(toolbox && { tools: toolbox })
  })
  if (config.success) return config.data
  const [issue] = config.error.issues
  const reason = `${issue?.path.join('.')}: ${issue?.message}`
  throw new LumosError('CONFIG_INVALID', { details: { reason } })
}

/**
 * The network takes a second to load, and most who import the package only write agents: whoever
 * hosts them has a network already.
 */
async function loadParts() {
  const [{ assemble }, { createOperations }, { createNodeGateway }, { nodeConfigSchema: schema }] =
    await Promise.all([
      import('./assembly.ts'),
      import('./operations.ts'),
      import('./gateway.ts'),
      import('./config/schema.ts')
    ])
  return { assemble, createOperations, createNodeGateway, schema }
}
