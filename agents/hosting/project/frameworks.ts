/** Tells by its structure what somebody's export is, never by its class: copies of frameworks differ. */
import type { Clock } from '../../../core/clock.ts'
import { asId } from '../entry.ts'
import type { ModuleEntry } from '../entry.ts'
import { parseHostedAgent } from '../protocol.ts'
import type { AgentDefinition } from '../../agent.ts'
import { withCheckedInput } from '../../skill-input.ts'
import { hasMethods, isShape } from './adapter.ts'
import type { ImportPackage, ProjectAgent, Shape } from './adapter.ts'
import { fromAiSdk, isAiAgent } from './ai-sdk.ts'
import { fromLangGraph, isGraph } from './langgraph.ts'
import { agentsOfMastra, fromMastra, isMastraAgent } from './mastra.ts'
import { fromOpenAiAgents, isOpenAiAgent } from './openai-agents.ts'
import { fromFunction, isAsyncFunction } from './plain-function.ts'
import { asJson } from './steps.ts'

export interface Parts {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly importPackage: ImportPackage
}

interface Candidate {
  readonly name: string
  readonly value: unknown
}

/** The agents that a module exports, by themselves or in lists and objects. Functions count when nothing else does. */
export async function findAgents(
  exported: Shape,
  { fallbackName, pick }: { readonly fallbackName: string; readonly pick?: ModuleEntry['pick'] },
  parts: Parts
): Promise<ProjectAgent[]> {
  const all =
    pick === undefined ? Object.entries(exported) : [[pick.id, exported[pick.name]] as const]
  const candidates = all.map(([name, value]) => ({
    name: name === 'default' ? fallbackName : name,
    value
  }))
  const found = await agentsAmong(candidates.flatMap(unfold), parts)
  if (found.length > 0) return withOwnIds(found)
  const functions = candidates.flatMap(({ name, value }) =>
    isAsyncFunction(value) ? [fromFunction(value, name)] : []
  )
  return withOwnIds(functions)
}

async function agentsAmong(
  candidates: readonly Candidate[],
  parts: Parts
): Promise<ProjectAgent[]> {
  const seen = new Set<unknown>()
  const found: ProjectAgent[] = []
  for (const candidate of candidates) {
    if (seen.has(candidate.value)) continue
    seen.add(candidate.value)
    // oxlint-disable-next-line no-await-in-loop -- in their order
    const agent = await agentOf(candidate, parts)
    if (agent !== undefined) found.push(agent)
  }
  return found
}

/** What holds agents: an instance of Mastra, a list, a plain object. */
function unfold(candidate: Candidate): Candidate[] {
  const { name, value } = candidate
  if (!isShape(value)) return []
  const ofMastra = agentsOfMastra(value)
  if (ofMastra !== undefined) return ofMastra.map((agent) => ({ name, value: agent }))
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => ({ name: `${name}-${index + 1}`, value: item }))
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || isLumosAgent(value)) return [candidate]
  return [candidate, ...Object.entries(value).map(([key, item]) => ({ name: key, value: item }))]
}

async function agentOf(
  { name, value }: Candidate,
  parts: Parts
): Promise<ProjectAgent | undefined> {
  if (!isShape(value)) return undefined
  if (isLumosAgent(value)) return fromLumos(value)
  if (isMastraAgent(value)) return fromMastra(value, parts)
  if (isAiAgent(value)) return fromAiSdk(value, name, parts)
  if (isOpenAiAgent(value)) return fromOpenAiAgents(value, parts)
  if (isGraph(value)) return fromLangGraph(value, name, parts)
  return undefined
}

/** Made with `defineAgent`. */
function isLumosAgent(value: Shape): value is Shape & AgentDefinition {
  return (
    typeof value['id'] === 'string' && Array.isArray(value['skills']) && hasMethods(value, 'run')
  )
}

function fromLumos(agent: AgentDefinition): ProjectAgent {
  // As JSON has it: without what runs it.
  const description = parseHostedAgent(asJson(agent))
  // Here as a whole: the node holds data against its schemas only as far as no schema can make that last.
  return { description, run: (request) => withCheckedInput(agent, request).run(request) }
}

/** Two exports may want the same id: the later ones get a number. */
function withOwnIds(agents: readonly ProjectAgent[]): ProjectAgent[] {
  const taken = new Set<string>()
  return agents.map((agent) => {
    const { id } = agent.description
    let own = id
    for (let number = 2; taken.has(own); number++) own = `${asId(id)}-${number}`
    taken.add(own)
    return own === id ? agent : { ...agent, description: { ...agent.description, id: own } }
  })
}
