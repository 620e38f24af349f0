/** Makes what a node tells of a hosted agent out of what its framework knows of it. */
import { asId } from '../entry.ts'
import type { HostedAgent } from '../protocol.ts'
import { isShape, textIn } from './adapter.ts'

export interface Described {
  readonly id: string
  readonly name?: string
  readonly description?: string
  /** `mastra`, `ai-sdk`: a tag, so that they can be found by it. */
  readonly framework: string
  /** Its tools by name. */
  readonly tools?: Readonly<Record<string, unknown>>
}

/** A card has 32 KiB; an agent with more tools than these is known by its description. */
const MOST_SKILLS = 24
const MOST_LETTERS = 400

/** One skill is the agent itself; each tool is another, by which it can be found. */
export function describedAgent({
  id,
  name,
  description,
  framework,
  tools = {}
}: Described): HostedAgent {
  const agentId = asId(id) || 'agent'
  const about = cut(description?.trim() || `${name ?? id}, an agent made with ${framework}.`)
  const own = { id: agentId, name: name ?? id, description: about, tags: ['hosted', framework] }
  const others = Object.entries(tools)
    .slice(0, MOST_SKILLS)
    .map(([key, tool]) => {
      const shape = isShape(tool) ? tool : {}
      const skill = textIn(shape['id'], textIn(shape['name'], key))
      const what = cut(textIn(shape['description'], `The tool ${skill} of ${agentId}.`))
      return { id: skill, name: skill, description: what, tags: ['tool', framework] }
    })
    .filter((skill) => skill.id !== agentId)
  return {
    id: agentId,
    ...(name && { name: cut(name) }),
    description: about,
    skills: [own, ...others]
  }
}

function cut(text: string): string {
  return text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS - 1)}…`
}
