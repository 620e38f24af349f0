import { createOpenAICompatible } from '@ai-sdk/openai-compatible'

const provider = createOpenAICompatible({
  name: 'test',
  baseURL: process.env.MODEL_URL!,
  apiKey: process.env.MODEL_KEY
})

export const model = provider.chatModel('test-model')
