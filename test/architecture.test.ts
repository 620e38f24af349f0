/** Keeps the walls of the house: who may import whom. */
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LAYERS, violations } from './support/import-table.ts'

const FOLDERS = Object.keys(LAYERS)

/** `web` has packages of its own, which are not ours. */
function sourcesOf(folder: string): readonly string[] {
  return globSync(`${folder}/**/*.{ts,tsx}`, { exclude: ['**/node_modules/**'] })
}

test.for(FOLDERS)('%s imports only what its layer may', (folder) => {
  const wrong = sourcesOf(folder).flatMap((file) => violations(file, readFileSync(file, 'utf8')))
  expect(wrong).toEqual([])
})

test('of the client the dashboard takes what is for browsers, and types', () => {
  const wrong = sourcesOf('web').filter((file) =>
    /^import (?!type )[^']*? from '(?:\.\.\/)+client\/(?!browser\.ts)/m.test(
      readFileSync(file, 'utf8')
    )
  )
  expect(wrong).toEqual([])
})

test('what a page draws is .tsx; .ts of the dashboard is without a browser, and tested without one', () => {
  const wrong = sourcesOf('web').filter(
    (file) =>
      file.endsWith('.ts') &&
      /from '(?:[^']+\.tsx|preact[^']*|@preact\/signals)'/.test(readFileSync(file, 'utf8'))
  )
  expect(wrong).toEqual([])
})

test.for([
  ['storage/store.ts', "import { find } from '../discovery/directory/find.ts'"],
  ['core/ids.ts', "export * from '../trust/identity.ts'"],
  ['cli/main.ts', "const node = await import('../node/program.ts')"],
  ['cli/commands/up.ts', "import type { NodeConfig } from '../../node/config/schema.ts'"],
  ['gateway/control/server.ts', "import { createNode } from '../../node/create-node.ts'"],
  ['agents/calc.ts', "import { LumosError } from '../protocols/session/session.ts'"],
  ['storage/store.ts', "import OpenAI from 'openai'"],
  ['cli/main.ts', "import { createLibp2p } from 'libp2p'"],
  ['discovery/directory/find.ts', 'import { SignJWT } from "jose"'],
  ['web/app.tsx', "import type { NodeConfig } from '../node/config/schema.ts'"],
  ['cli/main.ts', "import { signal } from '@preact/signals'"],
  ['elsewhere/file.ts', 'export {}']
] as const)('a planted violation is caught: %s with %s', ([file, source]) => {
  expect(violations(file, source)).toHaveLength(1)
})

test.for([
  ['cli/main.ts', "import { EXIT } from '../core/error-table.ts'"],
  ['node/create-node.ts', "import { kadDHT } from '@libp2p/kad-dht'"],
  ['discovery/directory/find.ts', "import type { Session } from '../protocols/session/session.ts'"]
] as const)('an allowed import passes: %s with %s', ([file, source]) => {
  expect(violations(file, source)).toEqual([])
})

test('every source file opens by saying why it exists', () => {
  const silent = FOLDERS.flatMap(sourcesOf).filter(
    (file) => !readFileSync(file, 'utf8').startsWith('/**')
  )
  expect(silent).toEqual([])
})

test('no folder hides behind a barrel or a drawer of odds and ends', () => {
  const names = FOLDERS.flatMap(sourcesOf).filter((file) =>
    /(^|\/)(index|types|utils|helpers|common|misc)(\.ts|\/)/.test(file)
  )
  expect(names).toEqual([])
})
