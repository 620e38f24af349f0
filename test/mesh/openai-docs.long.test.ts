/** The examples of docs/openai.md, as somebody who copies them would run them. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOpenAiNode } from '../support/openai-node.ts'
import type { OpenAiNode } from '../support/openai-node.ts'

const run = promisify(execFile)
const hasCurl = spawnSync('curl', ['--version']).status === 0
const DOCS = readFileSync('docs/openai.md', 'utf8').split('```')

let node: OpenAiNode
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  node = await startOpenAiNode()
  env = { ...process.env, URL: node.url, TOKEN: await node.token() }
})

afterAll(() => node.stop())

function blocks(language: string): string[] {
  return DOCS.flatMap((block) =>
    block.startsWith(`${language}\n`) ? [block.slice(language.length + 1)] : []
  )
}

test.skipIf(!hasCurl)('every curl of docs/openai.md does what is said of it', async () => {
  const [whole = '', more = '', ...others] = await Promise.all(
    blocks('sh').map(async (block) => (await run('sh', ['-e', '-c', block], { env })).stdout)
  )
  expect(others).toEqual([])
  expect(whole).toContain('{"id":"echo","object":"model"')
  expect(whole).toContain('"content":"hello, swarm"')
  expect(more).toMatch(/^data: \{"id":"chatcmpl-/)
  expect(more).toContain('data: [DONE]')
  expect(more).toMatch(/"output":\[\{"id":"msg_.*"text":"hello"/)
})

test('so does the program with the `openai` package', async () => {
  const [program = ''] = blocks('js')
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    env
  })
  // The model of the test says back what it hears.
  expect(stdout).toBe('How is the weather in Rome?\n')
  expect(node.models.requests.at(-1)?.body).toMatchObject({
    tools: [{ function: { name: 'weather' } }]
  })
})
