/** Tools that reach the other agents of the swarm: who can do what, and have somebody do it. */
import { z } from 'zod'
import type { Part } from '../../../core/a2a.ts'
import { ENSEMBLE_TAKES } from '../../../core/ensemble.ts'
import type { JsonObject } from '../../../core/json.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { AskEvent, AskOptions } from '../../agent.ts'
import { tool } from '../define-tool.ts'
import { asJson } from '../json-value.ts'
import type { Tool } from '../tool.ts'

/** A skill of an agent; a `type`, as models read it as JSON. */
export type FoundAgent = {
  readonly agent: string
  readonly skill: string
  readonly description: string
  /** The name of its node. */
  readonly node: string
  /** It is on this node. */
  readonly local: boolean
}

export interface FindOptions {
  readonly limit: number
  readonly signal: AbortSignal
}

/** Who can do what, on this node and elsewhere, best first: by words, a skill, a tag or an agent's id. */
export type FindAgents = (query: string, options: FindOptions) => Promise<readonly FoundAgent[]>

const MAX_FOUND = 25

const delegateInput = z.strictObject({
  target: z
    .string()
    .min(1)
    .max(256)
    .describe('Agent id, skill id, tag, @agent or @agent@node. agents_find tells who there is.'),
  message: z.string().optional().describe('What it is to do, in words.'),
  data: z.unknown().optional().describe('What it is to do it with, as JSON.'),
  peers: z
    .int()
    .min(2)
    .max(LIMITS.ensemblePeers.value)
    .optional()
    .describe('Asks so many nodes at most, each the same.'),
  take: z
    .enum(ENSEMBLE_TAKES)
    .default('first')
    .describe('Of several answers: the first, all, what most of them say, or the best.'),
  judge: z
    .string()
    .max(256)
    .optional()
    .describe('The agent that chooses the best; chat without it.')
})

const findInput = z.strictObject({
  query: z.string().min(1).max(256).describe('Words, a skill id, a tag or an agent id.'),
  limit: z.int().min(1).max(MAX_FOUND).default(10)
})

export function createDelegateTools({ find }: { readonly find: FindAgents }): Tool[] {
  return [createDelegate(), createFind(find)]
}

function createDelegate(): Tool {
  return tool({
    id: 'delegate',
    description:
      'Has another agent do something, on this node or on any other of the swarm, and returns ' +
      'what came of it and who did it.',
    effects: ['network'],
    untrusted: true,
    inputSchema: delegateInput,
    async execute({ target, message, data, ...several }, { ask, say, signal }) {
      let by: Extract<AskEvent, { readonly type: 'routed' }> | undefined
      const parts = await ask(target, partsOf(message, data), {
        onText: say,
        onEvent(event) {
          if (event.type === 'routed') by = event
        },
        signal,
        ...ensembleOf(several)
      })
      const isAll = several.peers !== undefined && several.take === 'all'
      return {
        ...(isAll ? { answers: answersOf(parts) } : resultOf(parts)),
        ...(by !== undefined && { agent: by.agent }),
        ...(by?.node !== undefined && { node: by.node.name })
      }
    }
  })
}

function createFind(find: FindAgents): Tool {
  return tool({
    id: 'agents_find',
    description: 'Lists agents of the swarm that can do something, for delegate.',
    untrusted: true,
    inputSchema: findInput,
    async execute({ query, limit }, { signal }) {
      return { agents: await find(query, { limit, signal }) }
    }
  })
}

function ensembleOf({
  peers,
  take,
  judge
}: Pick<z.infer<typeof delegateInput>, 'peers' | 'take' | 'judge'>): Pick<AskOptions, 'ensemble'> {
  if (peers === undefined) return {}
  return { ensemble: { peers, take, ...(judge !== undefined && { judge }) } }
}

/** One for each node that answered. */
function answersOf(parts: readonly Part[]): JsonObject[] {
  const byNode = Map.groupBy(parts, ({ metadata }) => metadata?.['node'] ?? '')
  return Array.from(byNode, ([node, of]) => ({ node, ...resultOf(of) }))
}

function partsOf(message: string | undefined, data: unknown): readonly Part[] {
  return [
    ...(message === undefined ? [] : [{ text: message }]),
    ...(data === undefined ? [] : [{ data: asJson(data) }])
  ]
}

/** Text and data apart; of files only what they are, as they would fill a model's sight. */
function resultOf(parts: readonly Part[]): JsonObject {
  const text = parts.map((part) => part.text ?? '').join('')
  const data = parts.flatMap((part) => (part.data === undefined ? [] : [part.data]))
  const files = parts.filter(({ raw, url }) => raw !== undefined || url !== undefined)
  return {
    text,
    ...(data.length > 0 && { data }),
    ...(files.length > 0 && { files: files.map(fileOf) })
  }
}

function fileOf({ filename, mediaType, url, raw }: Part): JsonObject {
  return {
    ...(filename !== undefined && { filename }),
    ...(mediaType !== undefined && { mediaType }),
    ...(url !== undefined && { url }),
    ...(raw !== undefined && { bytes: Math.floor((raw.length * 3) / 4) })
  }
}
