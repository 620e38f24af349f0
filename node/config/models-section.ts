/** What can be configured about language models: providers, and which model is meant when nothing is said. */
import { z } from 'zod'
import { isBaseUrl, isProviderName } from '../../agents/models/provider-rules.ts'
import { LIMITS } from '../../core/limits.ts'

/** Never the key itself: configurations are shown, copied and committed. */
const keyPlace = z
  .string()
  .regex(/^(env:[A-Za-z_]\w*|file:(\/|~\/).+)$/s, 'must be env:VARIABLE or file:/PATH')

const dollars = z.number('must be US dollars for a million tokens').min(0)

const provider = z.strictObject({
  baseUrl: z
    .string()
    .refine(isBaseUrl, 'must be a URL like https://host/v1, without credentials')
    .exactOptional(),
  apiKey: keyPlace.exactOptional(),
  models: z.array(z.string().min(1).max(200)).default([]),
  price: z.record(z.string(), z.strictObject({ input: dollars, output: dollars })).default({}),
  concurrency: z.int().min(1).max(65_536).exactOptional()
})

const name = z.string().min(1).max(256)

export const models = z.strictObject({
  detect: z
    .boolean()
    .default(true)
    .describe('Use `OPENAI_API_KEY`, `OPENAI_BASE_URL` and an Ollama on this host by themselves.'),
  default: z
    .array(name)
    .default([])
    .describe('Models to ask when nothing is said; each stands in for those before it.'),
  embedding: name.exactOptional().describe('Model that makes vectors, as `provider/model`.'),
  providers: z
    .record(
      z.string().refine(isProviderName, 'a provider has lower case letters, digits and dashes'),
      provider
    )
    .refine(
      (all) => Object.keys(all).length <= LIMITS.modelProviders.value,
      `at most ${LIMITS.modelProviders.value}`
    )
    .default({})
    .describe('Providers by name: `baseUrl`, `apiKey`, `models`, `price`, `concurrency`.')
})

export type ProviderConfig = z.output<typeof provider>
