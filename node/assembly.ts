/** Joins all parts of a node: the composition root. Nothing runs until its life cycle starts. */
import type { Agent } from '../agents/agent.ts'
import type { McpServers } from '../agents/mcp/mcp-servers.ts'
import { createAgentRunner } from '../agents/runner.ts'
import type { Roster } from '../agents/roster.ts'
import type { Component } from '../core/component.ts'
import type { LumosError } from '../core/errors.ts'
import type { Environment } from '../core/paths.ts'
import type { Memory } from '../core/memory.ts'
import { createMemory } from '../memory/facts.ts'
import type { NodeMemory } from '../memory/open-spaces.ts'
import { createMemorySearch } from '../memory/search/search.ts'
import type { MemorySearch } from '../memory/search/search.ts'
import { startSearchWorker } from '../memory/search/search-worker.ts'
import type { TaskEngine } from '../tasks/engine.ts'
import { keyOfPeer } from '../trust/author-key.ts'
import type { PushNotifications } from '../tasks/push-notifications.ts'
import { createNodeAgents } from './agents.ts'
import { createSwarmAsking } from './asking.ts'
import type { SwarmAsking } from './asking.ts'
import { createChatOffer } from './chat.ts'
import { createCapabilities, createTableWatch, helloFields } from './capabilities.ts'
import type { Capabilities } from './capabilities.ts'
import { searchEmbedder } from './embedder.ts'
import { createLifeCycle } from './life-cycle.ts'
import type { Part } from './life-cycle.ts'
import { createMemoryDatabase, createNodeDatabase } from './database.ts'
import type { NodeDatabase } from './database.ts'
import { createNodeBlobs } from './blobs.ts'
import type { NodeBlobs } from './blobs.ts'
import { createHosting } from './hosting.ts'
import type { Hosting } from './hosting.ts'
import { createNodeMcp } from './mcp.ts'
import { createNodeMemory } from './memory.ts'
import { createNodeModels } from './models.ts'
import type { NodeModels, NodeModelsInit } from './models.ts'
import { createPeerFinding } from './peer-finding.ts'
import type { PeerFinding } from './peer-finding.ts'
import { createPush } from './push.ts'
import { createNodeTools } from './tools.ts'
import type { NodeTools, NodeToolsInit } from './tools.ts'
import { createEngine, createWork } from './work.ts'
import type { Work } from './work.ts'
import { createWire } from './wire.ts'
import type { NodeComponents, NodeInit, Wire } from './wire.ts'

export interface AssemblyInit extends NodeInit {
  /** Beside the built-in ones that the configuration enables. */
  readonly agents?: readonly Agent[]
  /** Beside those of its folder: what `tool()` made, and what it takes for a tool. */
  readonly tools?: readonly object[]
  /** Where this node's control API will be, if it has one: hosted projects can use it. */
  readonly controlSocket?: string
  /** Where keys of language models may be, and where Ollama is; without it neither is looked for. */
  readonly env?: Environment
  /** Told when another process turns up with the key of this node. */
  readonly onDuplicateKey?: (error: LumosError) => void
}

/** The parts, for those who look into a node: its operations and its tests. */
export interface Assembly extends Component {
  readonly init: AssemblyInit
  readonly components: NodeComponents
  readonly database: NodeDatabase
  readonly wire: Wire
  readonly capabilities: Capabilities
  readonly roster: Roster
  readonly hosting: Hosting
  readonly mcp: McpServers
  readonly engine: TaskEngine
  readonly work: Work
  readonly finding: PeerFinding
  readonly memory: NodeMemory
  readonly models: NodeModels
  readonly tools: NodeTools
  readonly asking: SwarmAsking
  /** The shared memory for one user of it, whose watches end with `signal`. */
  readonly memoryFor: (signal?: AbortSignal) => Memory
}

/**
 * Reads or makes the node's key and swarm key, and builds everything upon them.
 *
 * @throws IDENTITY_INVALID, SWARM_KEY_INVALID, HOME_UNUSABLE, PORT_IN_USE, LISTEN_FAILED
 */
export async function assemble(components: NodeComponents, init: AssemblyInit): Promise<Assembly> {
  const { clock, logger } = components
  const { config, paths } = init
  let capabilities: Capabilities | undefined
  const wire = await createWire(components, init, () =>
    helloFields(capabilities, config.attributes)
  )
  const roster = await createNodeAgents(components, {
    config,
    dataDirectory: paths.data,
    agents: init.agents ?? [],
    announce: async (agents) => capabilities?.book.setAgents(agents)
  })
  const asking = createSwarmAsking(() => work)
  const database =
    config.tasks.keep === 'disk'
      ? createNodeDatabase(components, { directory: paths.data })
      : createMemoryDatabase(components)
  const memory = createNodeMemory({ ...components, wire, database }, config)
  const search = createMemorySearch({
    clock,
    logger: logger.child('search'),
    store: () => database.store,
    startWorker: startSearchWorker,
    ...searchEmbedder(config.models.embedding, () => models)
  })
  const blobs = createNodeBlobs(
    { ...components, wire, database, memory },
    { dataDirectory: paths.data }
  )
  const author = keyOfPeer(wire.identity.peer)
  const memoryFor = (signal?: AbortSignal): Memory =>
    createMemory(
      { ...components, spaces: memory, search, blobs },
      { author, ...(signal && { signal }) }
    )
  const models = await createNodeModels(components, modelsInit(init))
  const chat = createChatOffer({ ...components, models, roster }, { memory: config.memory.enabled })
  const finder = (): Capabilities['finder'] | undefined => capabilities?.finder
  const tools = await createNodeTools({ ...components, finder }, toolsInit(init, wire))
  const runner = createAgentRunner({
    clock,
    roster,
    askSwarm: asking.ask,
    memory: memoryFor,
    equip: (request) => ({ swarm: config.swarm.name, models, toolbox: tools.open(request) })
  })
  const hosting = createHosting(
    { ...components, roster },
    { dataDirectory: paths.data, socket: init.controlSocket ?? '' }
  )
  const mcp = await createNodeMcp(
    { ...components, tools: tools.registry, roster },
    { config: config.mcp, dataDirectory: paths.data, version: init.version }
  )
  const onLoad = (): void => capabilities?.presence.loadChanged()
  const push = createPush({ ...components, wire, database }, config)
  const engine = createEngine({ ...components, wire, runner, database, push, onLoad }, config)
  const load = (): { load: number; slots: number } => ({
    load: engine.load(),
    slots: config.agents.concurrency
  })
  capabilities = createCapabilities(
    { ...components, wire, load },
    { agents: roster.agents(), dataDirectory: paths.data, pushNotifications: push !== undefined }
  )
  const work: Work = createWork(
    { ...components, ...capabilities, wire, engine, database, push },
    {
      retentionMs: config.tasks.retention,
      routing: config.routing,
      attributes: config.attributes
    }
  )
  const finding = createFinding(components, init, wire)
  const node = {
    database,
    wire,
    capabilities,
    roster,
    hosting,
    mcp,
    engine,
    work,
    finding,
    memory,
    models,
    tools,
    asking,
    memoryFor
  }
  const parts = { ...node, agents: toComponent(runner), search, blobs, chat }
  const lifeCycle = createLifeCycle({ clock, logger }, inOrder(parts, push))
  return { ...lifeCycle, ...node, init, components }
}

interface Parts {
  readonly database: NodeDatabase
  readonly agents: Component
  readonly wire: Wire
  readonly capabilities: Capabilities
  readonly hosting: Hosting
  readonly mcp: McpServers
  readonly engine: TaskEngine
  readonly work: Work
  readonly asking: SwarmAsking
  readonly finding: PeerFinding
  readonly memory: NodeMemory
  readonly models: NodeModels
  readonly tools: NodeTools
  readonly chat: Component
  readonly search: MemorySearch
  readonly blobs: NodeBlobs
}

/** Those who answer peers come before the network, those who need peers after it. */
function inOrder(
  { database, agents, wire, capabilities, engine, work, asking, finding, ...rest }: Parts,
  push: PushNotifications | undefined
): Part[] {
  const { book, directory, exchange, presence, dht } = capabilities
  const { hosting, mcp, memory, models, tools, chat, search, blobs } = rest
  return [
    { name: 'database', component: database },
    { name: 'shared memory', component: memory },
    { name: 'search of memory', component: search },
    { name: 'blobs', component: blobs.keeping },
    { name: 'models', component: models },
    { name: 'tools', component: tools },
    { name: 'agents', component: agents },
    { name: 'cards', component: book },
    { name: 'chat', component: chat },
    { name: 'hosted projects', component: hosting },
    { name: 'MCP servers', component: mcp },
    { name: 'directory', component: directory },
    { name: 'card exchange', component: exchange },
    { name: 'task engine', component: engine },
    ...(push === undefined ? [] : [{ name: 'push notifications', component: push }]),
    { name: 'network', component: wire.network },
    { name: 'sessions', component: wire.sessions },
    { name: 'sending of blobs', component: blobs.serving },
    { name: 'delegations', component: work.delegations },
    { name: 'questions of agents', component: asking },
    { name: 'presence', component: presence },
    { name: 'exchange of memory', component: memory.exchange },
    { name: 'routing table watch', component: createTableWatch(wire.network, dht) },
    { name: 'capability DHT', component: dht },
    { name: 'peer finding', component: finding }
  ]
}

/** A program that gives no environment is not looked through. */
function modelsInit({ config, paths, env }: AssemblyInit): NodeModelsInit {
  const { models } = config
  return {
    config: env === undefined ? { ...models, detect: false } : models,
    env: env ?? {},
    dataDirectory: paths.data
  }
}

function toolsInit({ config, paths, tools = [] }: AssemblyInit, wire: Wire): NodeToolsInit {
  return {
    config,
    self: wire.identity.peer,
    dataDirectory: paths.data,
    configDirectory: paths.config,
    tools
  }
}

function createFinding(
  { clock, random, logger }: NodeComponents,
  { config, paths, onDuplicateKey }: AssemblyInit,
  wire: Wire
): PeerFinding {
  return createPeerFinding(
    {
      clock,
      random,
      logger: logger.child('peers'),
      network: wire.network,
      sessions: wire.sessions,
      onDuplicateKey: (error) => {
        logger.error(error.message, { code: error.code })
        onDuplicateKey?.(error)
      }
    },
    {
      swarm: wire.swarm,
      name: wire.name,
      instance: wire.instance,
      bootstrap: config.bootstrap,
      targetPeers: config.network.targetPeers,
      dataDirectory: paths.data,
      mdns: config.discovery.mdns,
      ...(config.discovery.sameHost && { runtimeDirectory: paths.runtime })
    }
  )
}

function toComponent(runner: { stop(): Promise<void> }): Component {
  return { start: () => Promise.resolve(), stop: () => runner.stop() }
}
