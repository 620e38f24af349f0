/** Where Ollama is, as its own client reads OLLAMA_HOST. */
import { expect, test } from 'vitest'
import { ollamaUrl } from '../../../node/model-providers.ts'

test.for([
  ['', 'http://127.0.0.1:11434/v1'],
  ['0.0.0.0', 'http://127.0.0.1:11434/v1'],
  [':8080', 'http://127.0.0.1:8080/v1'],
  ['box', 'http://box:11434/v1'],
  ['box:80', 'http://box/v1'],
  ['http://box', 'http://box/v1'],
  ['https://box/ollama/', 'https://box/ollama/v1'],
  ['http://0.0.0.0:7000', 'http://127.0.0.1:7000/v1'],
  ['[::1]', 'http://[::1]:11434/v1'],
  ['http://user:word@box', undefined],
  ['not a host', undefined]
] as const)('OLLAMA_HOST=%s is %s', ([host, url]) => {
  expect(ollamaUrl(host)).toBe(url)
})
