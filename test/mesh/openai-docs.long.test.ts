/** The examples of docs/openai.md, as somebody who copies them would run them. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { docExamples } from '../support/doc-examples.ts'
import { startOpenAiNode } from '../support/openai-node.ts'
import type { OpenAiNode } from '../support/openai-node.ts'

const run = promisify(execFile)
const hasCurl = spawnSync('curl', ['--version']).status === 0

let node: OpenAiNode
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  node = await startOpenAiNode()
  env = { ...process.env, URL: node.url, TOKEN: await node.token() }
})

afterAll(() => node.stop())

test.skipIf(!hasCurl)('every curl of docs/openai.md does what is said of it', async () => {
  const [whole = '', more = '', ...others] = await Promise.all(
    docExamples('openai', 'sh').map(
      async (block) => (await run('sh', ['-e', '-c', block], { env })).stdout
    )
  )
  expect(others).toEqual([])
  expect(whole).toContain('{"id":"echo","object":"model"')
  expect(whole).toContain('"content":"hello, swarm"')
  expect(more).toMatch(/^data: \{"id":"chatcmpl-/)
  expect(more).toContain('data: [DONE]')
  expect(more).toMatch(/"output":\[\{"id":"msg_.*"text":"hello"/)
})

test('so does the program with the `openai` package', async () => {
  const [program = ''] = docExamples('openai', 'js')
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    env
  })
  // The model of the test says back what it hears.
  expect(stdout).toBe('How is the weather in Rome?\n')
  expect(node.models.requests.at(-1)?.body).toMatchObject({
    tools: [{ function: { name: 'weather' } }]
  })
})
