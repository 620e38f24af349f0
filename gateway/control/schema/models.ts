/** What the control API says about language models, and what it is asked: schemas of client/models-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/models-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import { ms, named, v, wireError } from './document.ts'

const ref = z.string().describe('`provider/model`.')

const provider: z.ZodType<api.ModelProviderSummary> = named(
  'ModelProvider',
  z.strictObject({
    name: z.string(),
    baseUrl: z.string(),
    source: z
      .string()
      .describe('Where its key is from, or how it was found: `env OPENAI_API_KEY`, `detected`.'),
    origin: z.enum(['config', 'added', 'found']),
    status: z
      .enum(['asking', 'ready', 'unreachable', 'refused', 'unusable'])
      .describe('`unusable`: it lacks something on this node, such as a key.'),
    problem: wireError.exactOptional(),
    models: z.array(
      z.strictObject({
        id: z.string(),
        ref,
        price: z
          .strictObject({ input: z.number(), output: z.number() })
          .exactOptional()
          .describe('US dollars for a million tokens, where that is configured.')
      })
    )
  })
)

export const modelList: z.ZodType<api.ModelList> = named(
  'ModelList',
  z.strictObject({
    v,
    default: z.array(ref).describe('Asked one after the other when nothing is said.'),
    embedding: ref.exactOptional(),
    providers: z.array(provider)
  })
)

export const modelProvider: z.ZodType<api.ModelProviderDocument> = named(
  'ModelProviderDocument',
  z.strictObject({ v, provider })
)

const word = z.string().min(1).max(256)

export const addRequest: z.ZodType<api.AddModelsRequest> = named(
  'AddModelsRequest',
  z.strictObject({
    name: word.describe('One of those known by name, or any other with a `baseUrl`.'),
    baseUrl: z.string().min(1).max(2048).exactOptional(),
    key: z
      .string()
      .min(1)
      .max(LIMITS.modelKeyBytes.value)
      .exactOptional()
      .describe('Stored in the node’s file of secrets; no answer ever has it.'),
    models: z.array(word).max(LIMITS.modelsListed.value).exactOptional()
  })
)

export const removeRequest = z.strictObject({ name: word })

export const defaultRequest = z.strictObject({ models: z.array(word).max(16) })

export const modelDefaults: z.ZodType<api.ModelDefaults> = named(
  'ModelDefaults',
  z.strictObject({ v, default: z.array(ref) })
)

export const testRequest = z.strictObject({ model: word.exactOptional() })

export const modelTest: z.ZodType<api.ModelTest> = named(
  'ModelTest',
  z.strictObject({
    v,
    model: ref,
    works: z.boolean(),
    firstTokenMs: ms.exactOptional(),
    tookMs: ms,
    text: z.string().exactOptional().describe('What it said, its beginning.'),
    error: wireError.exactOptional()
  })
)
