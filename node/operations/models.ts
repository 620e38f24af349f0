/** Language models on request of a person: what there is, and whether it works. */
import type { ProviderState } from '../../agents/models/watched-provider.ts'
import type { Model } from '../../agents/models/model.ts'
import { API_VERSION } from '../../client/api.ts'
import type { ModelList, ModelProviderSummary, ModelTest } from '../../client/models-api.ts'
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import type { ModelOperations } from '../../gateway/control/model-operations.ts'
import type { NodeModels } from '../models.ts'

export interface ModelOperationsComponents {
  readonly clock: Clock
  readonly models: NodeModels
}

/** Short, so that also a large model on a slow machine has soon answered. */
const TEST_QUESTION = 'Answer with the one word: ready'
const TEST_TEXT_LENGTH = 80

export function createModelOperations({
  clock,
  models
}: ModelOperationsComponents): ModelOperations {
  return {
    list: async () => listOf(models),
    async add({ name, baseUrl, key, models: ids }) {
      const state = await models.add({
        name,
        ...(baseUrl !== undefined && { baseUrl }),
        ...(key !== undefined && { key: new Secret(key) }),
        ...(ids !== undefined && { models: ids })
      })
      return { v: API_VERSION, provider: summaryOf(state) }
    },
    async remove(name) {
      await models.remove(name)
      return listOf(models)
    },
    async setDefault(names) {
      await models.setDefaults(names)
      return { v: API_VERSION, default: models.defaults() }
    },
    test: (name, signal) => testModel(models.get(name), clock, signal)
  }
}

function listOf(models: NodeModels): ModelList {
  const embedding = models.embedding()
  return {
    v: API_VERSION,
    default: models.defaults(),
    ...(embedding && { embedding: embedding.ref }),
    providers: models.providers().map(summaryOf)
  }
}

function summaryOf({
  name,
  baseUrl,
  source,
  origin,
  status,
  problem,
  models,
  prices
}: ProviderState): ModelProviderSummary {
  return {
    name,
    baseUrl,
    source,
    origin,
    status,
    ...(problem && { problem: problem.toWire() }),
    models: models.map((id) => {
      const price = prices.get(id)
      return { id, ref: `${name}/${id}`, ...(price && { price }) }
    })
  }
}

async function testModel(model: Model, clock: Clock, signal: AbortSignal): Promise<ModelTest> {
  const begun = clock.monotonic()
  const passed = (): number => clock.monotonic() - begun
  const head = { v: API_VERSION, model: model.ref } as const
  const messages = [{ role: 'user' as const, content: TEST_QUESTION }]
  let firstTokenMs: number | undefined
  let text = ''
  try {
    for await (const { choices } of model.stream({ messages }, { signal })) {
      const said = choices?.[0]?.delta.content ?? ''
      if (said !== '') firstTokenMs ??= passed()
      if (text.length < TEST_TEXT_LENGTH) text += said
    }
  } catch (error) {
    signal.throwIfAborted()
    return { ...head, works: false, tookMs: passed(), error: toLumosError(error).toWire() }
  }
  return {
    ...head,
    works: true,
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    tookMs: passed(),
    text: text.slice(0, TEST_TEXT_LENGTH)
  }
}
