/** Tools over the memory that all nodes of a swarm share: what was found out once is known everywhere. */
import { z } from 'zod'
import { LumosError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Fact, SpaceMemory } from '../../../core/memory.ts'
import { inputFlaw, tool } from '../define-tool.ts'
import { asJson } from '../json-value.ts'
import type { Tool, ToolContext } from '../tool.ts'

/** More at once would only push the rest out of a model's sight. */
const MAX_FACTS = 200
const DEFAULT_FACTS = 50

const space = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe('Default: the space of the whole swarm.')

const readInput = z.strictObject({
  key: z.string().min(1).optional().describe('Of one fact; or else prefix.'),
  prefix: z.string().optional().describe('What the keys of the wanted facts begin with.'),
  after: z
    .string()
    .optional()
    .describe('With prefix: only keys behind this one, for the next page.'),
  limit: z.int().min(1).max(MAX_FACTS).default(DEFAULT_FACTS),
  space
})

const writeInput = z.strictObject({
  key: z.string().min(1).describe('Parts are separated by /, as in: people/ada/email'),
  value: z.unknown().describe('JSON. null forgets the fact.'),
  ttlSeconds: z.int().min(1).optional().describe('Forgotten by itself after that time.'),
  space
})

const searchInput = z.strictObject({
  text: z.string().min(1).max(1000).describe('In words; the most telling facts come first.'),
  prefix: z.string().optional().describe('Only facts whose keys begin with this.'),
  limit: z.int().min(1).max(MAX_FACTS).default(10),
  space
})

/** What others wrote is in there: data, as what peers say. And it is the swarm's own business. */
const READS = { effects: ['read-private'], untrusted: true } as const

export function createMemoryTools(): Tool[] {
  return [
    tool({
      id: 'memory_read',
      description: 'Reads a fact of the shared memory by its key, or all whose keys begin alike.',
      ...READS,
      inputSchema: readInput,
      async execute({ key, prefix, after, limit, space: name }, context) {
        if ((key === undefined) === (prefix === undefined)) {
          throw inputFlaw('one of key or prefix is needed, and only one')
        }
        const memory = spaceOf(context, name)
        if (key === undefined) return readMany(memory, { prefix, after, limit })
        const fact = await mine(() => memory.get(key))
        return { fact: fact === undefined ? null : shown(fact) }
      }
    }),
    tool({
      id: 'memory_write',
      description: 'Writes a fact into the shared memory, where all nodes of the swarm read it.',
      effects: ['write'],
      inputSchema: writeInput,
      async execute({ key, value, ttlSeconds, space: name }, context) {
        const memory = spaceOf(context, name)
        if (value === null || value === undefined) {
          await mine(() => memory.delete(key))
          return { key, forgotten: true }
        }
        const init = ttlSeconds === undefined ? {} : { ttlMs: ttlSeconds * 1000 }
        const fact = await mine(() => memory.put(key, asJson(value), init))
        return { key: fact.key, hlc: fact.hlc }
      }
    }),
    tool({
      id: 'memory_search',
      description: 'Finds facts of the shared memory by what they say, the most telling first.',
      ...READS,
      inputSchema: searchInput,
      async execute({ text, prefix, limit, space: name }, context) {
        const query = { text, limit, ...(prefix !== undefined && { prefix }) }
        const memory = spaceOf(context, name)
        const { hits, complete } = await mine(() => memory.search(query, context.signal))
        const found = hits.map(({ fact, score }) => ({ ...shown(fact), score }))
        return { hits: found, ...(!complete && { complete }) }
      }
    })
  ]
}

interface Page {
  readonly prefix: string | undefined
  readonly after: string | undefined
  readonly limit: number
}

async function readMany(memory: SpaceMemory, { prefix, after, limit }: Page): Promise<JsonObject> {
  const query = {
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after }),
    // One more tells whether there are more.
    limit: limit + 1
  }
  const facts = await mine(() => Array.fromAsync(memory.list(query)))
  const page = facts.slice(0, limit)
  const last = page.at(-1)
  const next = facts.length > limit && last !== undefined ? { next: last.key } : {}
  return { facts: page.map(shown), ...next }
}

function spaceOf({ memory }: ToolContext, name: string | undefined): SpaceMemory {
  return name === undefined ? memory.space() : memory.space(name)
}

function shown({ key, value, writer, expiresAt }: Fact): JsonObject {
  return { key, value, writer, ...(expiresAt !== undefined && { expiresAt }) }
}

/** A key that is none is a mistake of the model, who may mend it; all else is told as it is. */
async function mine<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof LumosError || !(error instanceof TypeError)) throw error
    throw inputFlaw(error.message)
  }
}
