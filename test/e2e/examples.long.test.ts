/** Every example of the documentation runs, and says what it is there to show. */
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startModelServer } from '../support/model-server.ts'

const run = promisify(execFile)

/** What each one prints, whole or in part. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'asking-agent': /Booked: Rome\./,
  'chat-agent': /> And what did I ask before\?\n/,
  'delegating-swarm':
    /^Rome has the Forum\.\nOslo has the fjord\.\nOf Atlantis nothing is known\.\nanna and bert did 3 of 3 tasks\n$/,
  'hello-agent': /will do it\n.*\nHello, Ada!\n$/s,
  'llm-agent': /^⚙ multiply \{"product":504\}\nIt is 504\.\n$/,
  mcp: /^words@host: words\.word_count\n/,
  'shared-memory': /cities\/Rome/,
  tool: /^\{"most":\["to","be"\]\}\n\[\{"most":\["on","and"\]\},\{"most":\["so","it"\]\}\]\n.*text: must be string/
}

test('no example is left out here', () => {
  const names = globSync('examples/*.ts').map((path) => path.replace(/^examples\/|\.ts$/g, ''))
  expect(names.toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
})

test.for(Object.entries(EXPECTED))(
  'examples/%s.ts',
  { timeout: 60_000 },
  async ([name, expected]) => {
    const server = await startModelServer()
    onTestFinished(() => server.stop())
    const question = '!call multiply {"a":84,"b":6}\n!then\n!say It is 504.'
    const { stdout } = await run(process.execPath, [`examples/${name}.ts`, question], {
      env: { ...process.env, OPENAI_BASE_URL: server.url, MODEL: 'test-model', OPENAI_API_KEY: '' }
    })
    expect(stdout).toMatch(expected)
  }
)
