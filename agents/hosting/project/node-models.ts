/** The models of the node for a hosted agent: the node has the keys and asks, the chunks come over the pipe. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { LumosError } from '../../../core/errors.ts'
import { isJsonList, isJsonObject } from '../../../core/json.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import type { Model, ModelPrice, Models } from '../../models/model.ts'
import type { LineCalls } from '../line-calls.ts'

/** `told`: which models stood for the default when the run began. */
export function modelsThrough(calls: LineCalls, told: JsonObject): Models {
  const { embedding: ref } = told
  const defaults = isJsonList(told['defaults'])
    ? told['defaults'].filter((name) => typeof name === 'string')
    : []
  return {
    get(name = defaults[0]) {
      if (name === undefined) throw new LumosError('MODEL_NONE')
      return modelThrough(calls, name)
    },
    defaults: () => defaults,
    embedding() {
      if (typeof ref !== 'string') return undefined
      return {
        ref,
        async embed(texts, { signal }) {
          const vectors = await calls.call('models.embed', { texts }, { signal })
          return (isJsonList(vectors) ? vectors : []).map((vector) =>
            Float32Array.from(isJsonList(vector) ? vector.map(Number) : [])
          )
        }
      }
    }
  }
}

/** What it is called and costs is known with the first chunk, and so is that there is no such model. */
function modelThrough(calls: LineCalls, name: string): Model {
  const known: { -readonly [Member in keyof Model]: Model[Member] } = {
    ref: name,
    async *stream(call, { signal }) {
      const chunks = calls.stream('models.stream', { model: name, call }, signal)
      try {
        const { value: model } = await chunks.next()
        const { ref, price } = isJsonObject(model) ? model : {}
        if (typeof ref === 'string') known.ref = ref
        Object.assign(known, priceOf(price))
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- chunks as the model's server sent them
        yield* chunks as unknown as AsyncIterable<ChatCompletionChunk>
      } finally {
        await chunks.return(null)
      }
    }
  }
  return known
}

function priceOf(price: Json | undefined): { price?: ModelPrice } {
  if (!isJsonObject(price)) return {}
  const { input, output } = price
  const isPrice = typeof input === 'number' && typeof output === 'number'
  return isPrice ? { price: { input, output } } : {}
}
