/** Offers the agent `chat` while this node has a language model. */
import { createChatAgent } from '../agents/llm/chat-agent.ts'
import type { Roster } from '../agents/roster.ts'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import type { Logger } from '../core/logger.ts'
import type { NodeModels } from './models.ts'

/** Source of the agent in the roster. */
const SOURCE = 'models'

export interface ChatOfferComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly models: Pick<NodeModels, 'defaults' | 'events'>
  readonly roster: Roster
}

export interface ChatOfferInit {
  /** Whether this node keeps the shared memory. */
  readonly memory: boolean
}

export function createChatOffer(
  { clock, logger, models, roster }: ChatOfferComponents,
  { memory }: ChatOfferInit
): Component {
  // One and the same while models change: what runs on it goes on.
  const agents = [createChatAgent({ clock }, { memory })]
  let offered = false

  function look(): void {
    const possible = models.defaults().length > 0
    if (possible === offered) return
    offered = possible
    roster.assign(SOURCE, possible ? agents : []).catch((error: unknown) => {
      // A program may have brought a `chat` of its own, which then is the one.
      logger.warn('the agent chat is not offered', { error })
    })
  }

  return {
    async start() {
      models.events.on('changed', look)
      look()
    },
    async stop() {
      models.events.off('changed', look)
    }
  }
}
