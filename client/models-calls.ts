/** Calls of the control API about language models. */
import type {
  AddModelsRequest,
  ModelDefaults,
  ModelList,
  ModelProviderDocument,
  ModelTest
} from './models-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { overNetwork } from './verbs.ts'

/** Just more than the daemon gives it (`modelTest`), whose failure says more. */
const TEST_TIMEOUT_MS = 605_000

export interface ModelCalls {
  list(options?: CallOptions): Promise<ModelList>
  /** Adds a provider, or changes one that was added; its server is asked before the answer comes. */
  add(request: AddModelsRequest, options?: CallOptions): Promise<ModelProviderDocument>
  remove(provider: string, options?: CallOptions): Promise<ModelList>
  /** Names as `get` of an agent takes them; none: the first model that there is. */
  setDefault(models: readonly string[], options?: CallOptions): Promise<ModelDefaults>
  /** Asks the model something; without a name the default. One that has to be loaded takes minutes. */
  test(model?: string, options?: CallOptions): Promise<ModelTest>
}

export function createModelCalls({ get, post }: Verbs): ModelCalls {
  return {
    list: (options) => get('/v1/model', options),
    add: (request, options) => post('/v1/model/add', request, overNetwork(options)),
    remove: (name, options) => post('/v1/model/remove', { name }, options),
    setDefault: (models, options) => post('/v1/model/default', { models }, options),
    test: (model, options) =>
      post('/v1/model/test', model === undefined ? {} : { model }, {
        timeoutMs: TEST_TIMEOUT_MS,
        ...options
      })
  }
}
