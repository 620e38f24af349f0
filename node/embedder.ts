/** Lets searches of memory and of agents find what means the same, where an embedding model is configured. */
import type { Models } from '../agents/models/model.ts'
import { LumosError } from '../core/errors.ts'
import type { TextEmbedder } from '../discovery/cards/card-vectors.ts'

/** Nothing without a configured model: then words alone are searched. */
export function searchEmbedder(
  name: string | undefined,
  models: () => Pick<Models, 'embedding'>
): { readonly embedder?: TextEmbedder } {
  if (name === undefined) return {}
  return {
    embedder: {
      name,
      async embed(texts, signal) {
        const model = models().embedding()
        // Its provider is not there (yet): words find what has no vector, and it is tried again.
        if (model === undefined) throw new LumosError('MODEL_UNKNOWN', { details: { model: name } })
        const vectors = await model.embed(texts, { signal })
        return vectors.map((vector) => Array.from(vector))
      }
    }
  }
}
