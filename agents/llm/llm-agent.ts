/** Agents of a language model: instructions, tools, memory, and a plain loop on them. */
import { asAttributes } from '../../core/attributes.ts'
import type { Attributes } from '../../core/attributes.ts'
import type { Clock } from '../../core/clock.ts'
import { systemClock } from '../../core/clock.ts'
import type { Agent } from '../agent.ts'
import { defineAgent } from '../agent.ts'
import type { LlmAgentDefinition } from './definition.ts'
import { createPace } from './pace.ts'
import { runLlm } from './run.ts'
import { createStructuredAnswer } from './structured-answer.ts'

export interface LlmAgentComponents {
  readonly clock: Clock
}

const INPUT_MODES = [
  'text/plain',
  'application/json',
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'application/pdf'
]

/**
 * An agent that answers with a language model of the node that it runs on.
 *
 *     llmAgent({ id: 'guide', description: 'Knows Rome.', instructions: 'You guide people through Rome.' })
 *
 * @throws TypeError for a definition that would make a broken card or could never answer
 */
export function llmAgent(
  definition: LlmAgentDefinition,
  { clock }: LlmAgentComponents = { clock: systemClock }
): Agent {
  const { id, name = id, description, output, limits = {} } = definition
  for (const [limit, most] of Object.entries(limits)) {
    if (!(most > 0)) throw new TypeError(`limits.${limit} of agent "${id}" must be above 0`)
  }
  const structured = output === undefined ? undefined : createStructuredAnswer(output)
  const pace = createPace()
  return defineAgent({
    inputModes: INPUT_MODES,
    outputModes: [structured === undefined ? 'text/plain' : 'application/json'],
    ...definition,
    attributes: { ...modelAttribute(definition), ...definition.attributes },
    asksDefaultModel: definition.model === undefined,
    takesChats: true,
    skills: definition.skills ?? [{ id, name, description, tags: ['llm'] }],
    run: (request) => runLlm({ definition, clock, structured, pace }, request)
  })
}

/** Its card says which models it asks, for those who choose by `model=…`; `attributes: { model: [] }` says none. */
function modelAttribute({ model }: LlmAgentDefinition): Attributes {
  // What is chosen for each request, or by the node, is not known here.
  if (model === undefined || typeof model === 'function') return {}
  const attributes = { model: typeof model === 'string' ? [model] : model }
  return asAttributes(attributes)
}
