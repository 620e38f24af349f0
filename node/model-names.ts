/** Has the cards of agents that ask this node's default model name it, whichever it is now. */
import type { Agent } from '../agents/agent.ts'
import { asAttributes } from '../core/attributes.ts'
import type { Component } from '../core/component.ts'
import type { Logger } from '../core/logger.ts'
import type { NodeModels } from './models.ts'

export interface ModelNamesComponents {
  readonly logger: Logger
  readonly models: Pick<NodeModels, 'defaults' | 'events'>
  /** Resolves when other nodes are told of these agents. */
  readonly announce: (agents: readonly Agent[]) => Promise<void>
}

export interface ModelNames extends Component {
  /** As `announce` of the components, with the names that belong into the cards. */
  announce(agents: readonly Agent[]): Promise<void>
}

export function createModelNames({ logger, models, announce }: ModelNamesComponents): ModelNames {
  let agents: readonly Agent[] = []
  let isStarted = false
  /** The names that cards have now. */
  let told = ''

  function names(): readonly string[] {
    return agents.some(({ asksDefaultModel }) => asksDefaultModel) ? models.defaults() : []
  }

  async function tell(): Promise<void> {
    const model = names()
    // Before the start there is nobody who signs.
    if (isStarted) told = model.join()
    await announce(agents.map((agent) => named(agent, model)))
  }

  function look(): void {
    if (names().join() === told) return
    tell().catch((error: unknown) => {
      logger.warn('the cards of agents do not name their model', { error })
    })
  }

  return {
    async announce(now) {
      agents = now
      await tell()
    },
    async start() {
      isStarted = true
      models.events.on('changed', look)
      look()
    },
    async stop() {
      models.events.off('changed', look)
    }
  }
}

/** What the agent says of itself comes first. */
function named(agent: Agent, model: readonly string[]): Agent {
  if (!agent.asksDefaultModel || model.length === 0) return agent
  return { ...agent, attributes: { ...asAttributes({ model }), ...agent.attributes } }
}
