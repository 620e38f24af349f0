/** Joins the agents of a node: where they come from, what they are given, and who runs them. */
import type { Agent } from '../agents/agent.ts'
import type { AskSwarm } from '../agents/asking.ts'
import { createEnsembleAgent } from '../agents/ensemble/ensemble-agent.ts'
import type { EnsembleSwarm } from '../agents/ensemble/ensemble-swarm.ts'
import type { McpServers } from '../agents/mcp/mcp-servers.ts'
import type { Roster } from '../agents/roster.ts'
import { createAgentRunner } from '../agents/runner.ts'
import type { AgentRunner, AgentRunnerComponents } from '../agents/runner.ts'
import type { Component } from '../core/component.ts'
import type { Memory } from '../core/memory.ts'
import type { Environment } from '../core/paths.ts'
import { NO_TRACER } from '../core/trace.ts'
import type { Tracer } from '../core/trace.ts'
import type { Finder } from '../discovery/directory/find.ts'
import { createChatOffer } from './chat.ts'
import { createHosting } from './hosting.ts'
import type { Hosting } from './hosting.ts'
import { createNodeMcp } from './mcp.ts'
import { createModelNames } from './model-names.ts'
import { createNodeModels } from './models.ts'
import type { NodeModels } from './models.ts'
import { createNodeRoster } from './roster.ts'
import { createNodeTools } from './tools.ts'
import type { NodeTools } from './tools.ts'
import { tracedMemoryOf, tracedModels, tracedToolbox } from './tracing/traced-use.ts'
import type { NodeComponents, NodeInit, Wire } from './wire.ts'

export interface NodeAgentsComponents extends NodeComponents {
  readonly wire: Wire
  readonly askSwarm: AskSwarm
  readonly ensembleSwarm: EnsembleSwarm
  readonly memoryFor: (signal?: AbortSignal) => Memory
  /** There once the node is assembled. */
  readonly finder: () => Finder | undefined
  /** Resolves when other nodes are told of all agents that can be asked. */
  readonly announce: (agents: readonly Agent[]) => Promise<void>
}

export interface NodeAgentsInit extends NodeInit {
  /** Beside the built-in ones that the configuration enables. */
  readonly agents?: readonly Agent[]
  /** Beside those of its folder: what `tool()` made, and what it takes for a tool. */
  readonly tools?: readonly object[]
  /** Where this node's control API will be, if it has one: hosted projects can use it. */
  readonly controlSocket?: string
  /** Where keys of language models may be, and where Ollama is; without it neither is looked for. */
  readonly env?: Environment
}

export interface NodeAgents {
  readonly roster: Roster
  readonly models: NodeModels
  readonly tools: NodeTools
  readonly hosting: Hosting
  readonly mcp: McpServers
  readonly runner: AgentRunner
  /** Offers `chat` while there is a model. */
  readonly chat: Component
  /** Keeps the names of models in cards true. */
  readonly modelNames: Component
}

/** @throws AGENT_EXISTS, AGENTS_FULL, CONFIG_INVALID */
export async function createNodeAgents(
  {
    wire,
    askSwarm,
    ensembleSwarm,
    memoryFor,
    finder,
    announce,
    ...components
  }: NodeAgentsComponents,
  init: NodeAgentsInit
): Promise<NodeAgents> {
  const { config, paths, agents = [], tools: own = [], controlSocket = '', version, env } = init
  const { clock, tracer = NO_TRACER } = components
  const dataDirectory = paths.data
  const ensemble = createEnsembleAgent(
    { ...components, swarm: ensembleSwarm },
    { self: wire.identity.peer }
  )
  const models = await createNodeModels(components, {
    // A program that gives no environment is not looked through.
    config: env === undefined ? { ...config.models, detect: false } : config.models,
    env: env ?? {},
    dataDirectory
  })
  const modelNames = createModelNames({ ...components, models, announce })
  const roster = await createNodeRoster(components, {
    config,
    dataDirectory,
    agents,
    own: [ensemble],
    announce: (usable) => modelNames.announce(usable)
  })
  const tools = await createNodeTools(
    { ...components, finder },
    { config, self: wire.identity.peer, dataDirectory, configDirectory: paths.config, tools: own }
  )
  return {
    roster,
    models,
    tools,
    hosting: createHosting({ ...components, roster }, { dataDirectory, socket: controlSocket }),
    mcp: await createNodeMcp(
      { ...components, tools: tools.registry, roster },
      { config: config.mcp, dataDirectory, version }
    ),
    runner: createAgentRunner({
      clock,
      roster,
      askSwarm,
      memory: memoryFor,
      tracer,
      equip: equipping(tracer, { swarm: config.swarm.name, models, tools })
    }),
    chat: createChatOffer({ ...components, models, roster }, { memory: config.memory.enabled }),
    modelNames
  }
}

interface Equipped extends Pick<NodeAgents, 'models' | 'tools'> {
  /** Its name. */
  readonly swarm: string
}

/** What each run gets of its node, all of it seen by who traces. */
function equipping(
  tracer: Tracer,
  { swarm, models, tools }: Equipped
): NonNullable<AgentRunnerComponents['equip']> {
  return (asked) => {
    const request = tracedMemoryOf(tracer, asked)
    const { chain, memory } = request
    return {
      swarm,
      memory,
      models: tracedModels(tracer, chain, models),
      toolbox: tracedToolbox(tracer, chain, tools.open(request))
    }
  }
}
