/** Answers about language models without a node behind them. */
import type { ModelList, ModelProviderSummary } from '../../client/models-api.ts'
import type { ModelOperations } from '../../gateway/control/model-operations.ts'

export const modelProvider: ModelProviderSummary = {
  name: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  source: 'env OPENAI_API_KEY',
  origin: 'found',
  status: 'ready',
  models: [
    { id: 'gpt-9', ref: 'openai/gpt-9', price: { input: 2, output: 8 } },
    { id: 'gpt-8', ref: 'openai/gpt-8' }
  ]
}

export const silentProvider: ModelProviderSummary = {
  name: 'home',
  baseUrl: 'http://10.0.0.2:8000/v1',
  source: 'no key',
  origin: 'added',
  status: 'unreachable',
  problem: {
    code: 'MODEL_UNREACHABLE',
    message: 'the model home cannot be reached: nothing listens there',
    hint: 'lumos model test home',
    details: { model: 'home', reason: 'nothing listens there' }
  },
  models: []
}

export const modelList: ModelList = {
  v: 1,
  default: ['openai/gpt-9'],
  embedding: 'openai/vectors',
  providers: [modelProvider, silentProvider]
}

export function fakeModels(overrides: Partial<ModelOperations> = {}): ModelOperations {
  return {
    list: async () => modelList,
    add: async () => ({ v: 1, provider: modelProvider }),
    remove: async () => ({ ...modelList, providers: [modelProvider] }),
    setDefault: async (models) => ({ v: 1, default: models }),
    test: async (model = 'openai/gpt-9') => ({
      v: 1,
      model,
      works: true,
      firstTokenMs: 120,
      tookMs: 300,
      text: 'ready'
    }),
    ...overrides
  }
}
