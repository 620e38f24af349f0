/** The agent of a node on a wide network: one skill that it alone has, and one that all have. Hosted by the node. */
import { setTimeout as delay } from 'node:timers/promises'
import { defineAgent } from '../../agents/agent.ts'
import { talk } from './talk.ts'
import type { Talk } from './talk.ts'

const name = process.env['WIDE_NAME'] ?? 'nobody'
const skill = { name: 'Talk', description: 'speaks at a given pace', tags: ['test'] }

/** Without the rest of the package, which would bring a network along. */
export const talker = defineAgent({
  id: `talk-${name}`,
  description: 'speaks at a given pace',
  idempotent: true,
  skills: [
    { ...skill, id: `talk-${name}` },
    { ...skill, id: 'talk' }
  ],
  async *run({ text, signal }) {
    const order: Talk = JSON.parse(text)
    for (const piece of talk(order)) {
      yield piece
      if (order.pauseMs > 0) await delay(order.pauseMs, undefined, { signal })
    }
  }
})
