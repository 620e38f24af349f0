/** Providers that people know by name: where they are, and which variable usually holds their key. */

export interface Preset {
  readonly baseUrl: string
  /** Variable that their own tools read the key from; a local server needs none. */
  readonly keyVariable?: string
  /** Requests at once that make sense; without it `LIMITS.modelConcurrency`. */
  readonly concurrency?: number
  /** What its list of models wants beside the usual `Authorization`. */
  readonly listing?: {
    readonly keyHeader: string
    readonly headers: Readonly<Record<string, string>>
  }
}

/** A model that runs on this machine works on a few requests at once; more only wait inside it. */
const LOCAL_CONCURRENCY = 8

export const PRESETS: Readonly<Record<string, Preset>> = {
  openai: { baseUrl: 'https://api.openai.com/v1', keyVariable: 'OPENAI_API_KEY' },
  ollama: { baseUrl: 'http://127.0.0.1:11434/v1', concurrency: LOCAL_CONCURRENCY },
  vllm: { baseUrl: 'http://127.0.0.1:8000/v1' },
  lmstudio: { baseUrl: 'http://127.0.0.1:1234/v1', concurrency: LOCAL_CONCURRENCY },
  openrouter: { baseUrl: 'https://openrouter.ai/api/v1', keyVariable: 'OPENROUTER_API_KEY' },
  deepseek: { baseUrl: 'https://api.deepseek.com/v1', keyVariable: 'DEEPSEEK_API_KEY' },
  qwen: {
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyVariable: 'DASHSCOPE_API_KEY'
  },
  anthropic: {
    baseUrl: 'https://api.anthropic.com/v1',
    keyVariable: 'ANTHROPIC_API_KEY',
    listing: { keyHeader: 'x-api-key', headers: { 'anthropic-version': '2023-06-01' } }
  }
}
