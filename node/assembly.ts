/** Joins all parts of a node: the composition root. Nothing runs until its life cycle starts. */
import type { Component } from '../core/component.ts'
import type { LumosError } from '../core/errors.ts'
import type { NodeLoad } from '../discovery/cards/card-exchange.ts'
import type { TaskEngine } from '../tasks/worker/engine.ts'
import type { PushNotifications } from '../tasks/push/notifications.ts'
import { createNodeAgents } from './agents.ts'
import type { NodeAgents, NodeAgentsInit } from './agents.ts'
import { createSwarmAsking } from './asking.ts'
import type { SwarmAsking } from './asking.ts'
import {
  createAddressWatch,
  createCapabilities,
  createTableWatch,
  lateParts
} from './capabilities.ts'
import type { Capabilities } from './capabilities.ts'
import { createEnsembleSwarm } from './ensemble.ts'
import type { NodeEnsemble } from './ensemble.ts'
import { searchEmbedder } from './embedder.ts'
import { createLifeCycle } from './life-cycle.ts'
import type { Part } from './life-cycle.ts'
import { createPeerFinding } from './peer-finding.ts'
import type { PeerFinding } from './peer-finding.ts'
import { createPush } from './push.ts'
import { createReach } from './reach.ts'
import { createRemembering } from './remembering.ts'
import type { Remembering } from './remembering.ts'
import { createEngine, createWork } from './work.ts'
import type { Work } from './work.ts'
import { createNodeTraceReader, createNodeTracing } from './tracing/tracing.ts'
import type { NodeTracing } from './tracing/tracing.ts'
import type { TraceReader } from './tracing/trace-reader.ts'
import { createWire } from './wire.ts'
import type { NodeComponents, Wire } from './wire.ts'

export interface AssemblyInit extends NodeAgentsInit {
  /** Told when another process turns up with the key of this node. */
  readonly onDuplicateKey?: (error: LumosError) => void
}

/** The parts, for those who look into a node: its operations and its tests. */
export interface Assembly extends Component, NodeAgents, Remembering {
  readonly init: AssemblyInit
  readonly components: NodeComponents
  readonly wire: Wire
  readonly capabilities: Capabilities
  readonly engine: TaskEngine
  readonly work: Work
  readonly finding: PeerFinding
  /** Whether others can dial this node, and relays where they cannot. */
  readonly reach: Component
  readonly asking: SwarmAsking
  readonly ensemble: NodeEnsemble
  readonly tracing: NodeTracing
  readonly traces: TraceReader
}

/**
 * Reads or makes the node's key and swarm key, and builds everything upon them.
 *
 * @throws IDENTITY_INVALID, SWARM_KEY_INVALID, HOME_UNUSABLE, PORT_IN_USE, LISTEN_FAILED
 */
export async function assemble(given: NodeComponents, init: AssemblyInit): Promise<Assembly> {
  const { config, paths } = init
  const self = () => ({ id: wire.identity.peer, name: wire.name })
  const tracing = createNodeTracing({ ...given, self }, init)
  const components = { ...given, tracer: tracing.tracer }
  let capabilities: Capabilities | undefined
  const late = lateParts(() => capabilities, config)
  const wire = await createWire(components, init, late)
  const asking = createSwarmAsking(() => work)
  const ensemble = createEnsembleSwarm(() => work)
  const remembering = createRemembering({ ...components, wire, models: () => agents.models }, init)
  const { database, memoryFor } = remembering
  const agents = await createNodeAgents(
    {
      ...components,
      wire,
      memoryFor,
      askSwarm: asking.ask,
      ensembleSwarm: ensemble.swarm,
      finder: () => capabilities?.finder,
      announce: async (usable) => capabilities?.book.setAgents(usable)
    },
    init
  )
  const { runner, roster } = agents
  const onLoad = (): void => capabilities?.presence.loadChanged()
  const push = createPush({ ...components, wire, database }, { config, root: 'push' })
  const engine = createEngine(
    { ...components, wire, runner, roster, database, push, onLoad },
    config
  )
  const load = (): NodeLoad => ({ load: engine.load(), slots: config.agents.concurrency })
  capabilities = createCapabilities(
    {
      ...components,
      wire,
      load,
      database,
      ...searchEmbedder(config.models.embedding, () => agents.models)
    },
    { agents: roster.agents(), dataDirectory: paths.data, pushNotifications: push !== undefined }
  )
  const { routing, attributes, gateway } = config
  const work: Work = createWork(
    { ...components, ...capabilities, wire, engine, database, push },
    { retentionMs: config.tasks.retention, routing, attributes, gateway }
  )
  const traces = createNodeTraceReader({ ...components, ...tracing, wire, work })
  const finding = createFinding(components, init, wire)
  const { sessions, network } = wire
  const reach = createReach(
    { ...components, logger: components.logger.child('network'), sessions, network },
    { ...config, ...config.network }
  )
  const doing = { engine, work, asking, ensemble, tracing, traces, reach }
  const node = { ...remembering, ...agents, ...doing, wire, capabilities, finding }
  const lifeCycle = createLifeCycle(components, inOrder(node, push))
  return { ...lifeCycle, ...node, init, components }
}

/** Those who answer peers come before the network, those who need peers after it. */
function inOrder(
  node: Omit<Assembly, keyof Component | 'init' | 'components'>,
  push: PushNotifications | undefined
): Part[] {
  const { database, memory, search, blobs, models, tools, runner, chat, hosting, mcp } = node
  const { wire, engine, work, asking, ensemble, finding, modelNames } = node
  const { book, directory, exchange, presence, dht, vectors } = node.capabilities
  return [
    { name: 'traces', component: node.tracing },
    { name: 'audit log', component: wire.authority },
    { name: 'blocked peers', component: wire.blocking },
    { name: 'grants', component: wire.grants },
    { name: 'database', component: database },
    { name: 'shared memory', component: memory },
    { name: 'search of memory', component: search },
    { name: 'blobs', component: blobs.keeping },
    { name: 'models', component: models },
    { name: 'tools', component: tools },
    { name: 'agents', component: toComponent(runner) },
    { name: 'cards', component: book },
    { name: 'names of models', component: modelNames },
    { name: 'chat', component: chat },
    { name: 'hosted projects', component: hosting },
    { name: 'MCP servers', component: mcp },
    { name: 'directory', component: directory },
    ...(vectors === undefined ? [] : [{ name: 'meaning of cards', component: vectors }]),
    { name: 'card exchange', component: exchange },
    { name: 'task engine', component: engine },
    ...(push === undefined ? [] : [{ name: 'push notifications', component: push }]),
    { name: 'members', component: wire.gate },
    { name: 'network', component: wire.network },
    ...(wire.house === undefined ? [] : [{ name: 'invite on this host', component: wire.house }]),
    { name: 'sessions', component: wire.sessions },
    { name: 'sending of blobs', component: blobs.serving },
    { name: 'accounts', component: work.accounts },
    { name: 'delegations', component: work.delegations },
    { name: 'questions of agents', component: asking },
    { name: 'questions to several', component: ensemble },
    { name: 'presence', component: presence },
    { name: 'addresses watch', component: createAddressWatch(wire.network, presence) },
    { name: 'exchange of memory', component: memory.exchange },
    { name: 'routing table watch', component: createTableWatch(wire.network, dht) },
    { name: 'capability DHT', component: dht },
    { name: 'ways to this node', component: node.reach },
    { name: 'peer finding', component: finding }
  ]
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
      libp2pLogger: logger,
      network: wire.network,
      sessions: wire.sessions,
      dials: wire.meters.dials,
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
