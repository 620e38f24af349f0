import { defineConfig } from 'vitest/config'
import { PATIENCE } from './test/support/patience.ts'

const shared = {
  restoreMocks: true,
  sequence: { shuffle: true },
  expect: { poll: PATIENCE },
  hookTimeout: 60_000,
  // No test uses the keys or the Ollama of whoever runs it; port 9 of loopback discards.
  env: { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OLLAMA_HOST: '127.0.0.1:9' }
}

const fast = {
  ...shared,
  include: ['test/**/*.test.ts'],
  exclude: ['test/**/*.{long,soak}.test.ts', 'test/**/node_modules/**'],
  testTimeout: 30_000
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...fast,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // A process for each file would read the same modules 350 times: more than half of all CPU (measured).
          isolate: false
        }
      },
      {
        test: { ...fast, name: 'nodes', exclude: [...fast.exclude, 'test/unit/**'] }
      },
      // Both, for who names files: `vitest run --project fast test/unit/core`.
      { test: { ...fast, name: 'fast' } },
      {
        test: {
          ...shared,
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          exclude: ['test/**/node_modules/**', 'test/sim/**'],
          // One file at a time: these start dozens of nodes, and a machine may have two cores.
          fileParallelism: false,
          testTimeout: 300_000
        }
      },
      {
        test: {
          ...shared,
          name: 'simulation',
          include: ['test/sim/**/*.long.test.ts'],
          // Each of them uses all processors itself.
          fileParallelism: false,
          testTimeout: 900_000
        }
      },
      { test: { ...shared, name: 'soak', include: ['test/**/*.soak.test.ts'] } }
    ]
  }
})
