/** The examples of docs/http.md and docs/mcp.md, as somebody who copies them would run them. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testAgent } from '../support/a2a-nodes.ts'
import { docExamples } from '../support/doc-examples.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import type { HttpNode } from '../support/http-gateway.ts'

const run = promisify(execFile)
const hasCurl = spawnSync('curl', ['--version']).status === 0

let node: HttpNode

beforeAll(async () => {
  const echo = testAgent('echo', async function* ({ text }) {
    yield text
  })
  node = await startHttpNode([echo])
})

afterAll(() => node.stop())

/** Of a token of its own, which has no tasks yet. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  return { ...process.env, URL: node.url, TOKEN: await node.token() }
}

test.skipIf(!hasCurl)('every curl of docs/http.md does what is said of it', async () => {
  const env = await environment()
  const answers: string[] = []
  for (const block of docExamples('http', 'sh')) {
    const { stdout } = await run('sh', ['-e', '-c', block], { env })
    answers.push(stdout)
  }
  const [rest = '', rpc = '', stream = '', lists = '', control = ''] = answers
  expect(answers).toHaveLength(5)
  expect(JSON.parse(rest)).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } })
  expect(JSON.parse(rpc)).toMatchObject({ id: 1, result: { task: { artifacts: [{}] } } })
  expect(stream).toMatch(/^id: 1\.0\ndata: \{"task":/)
  expect(stream).toContain('TASK_STATE_COMPLETED')
  expect(lists).toContain(`"url":"${node.url}/agents/echo"`)
  expect(lists).toContain('"signatures":[')
  expect(lists).toContain('"totalSize":3')
  expect(control).toMatch(/"type":"result",.*"TASK_STATE_COMPLETED"/)
  expect(control).toContain('"openapi":"3.1.0"')
})

test.for([
  ['http', 'hello from the SDK\n'],
  ['mcp', 'find_agents answer_task echo\nhello, tools\n']
] as const)('so does the program of docs/%s.md with the official client', async ([page, said]) => {
  const [program = '', ...others] = docExamples(page, 'js')
  expect(others).toEqual([])
  const words = ['--input-type=module', '--eval', program]
  const { stdout } = await run(process.execPath, words, { env: await environment() })
  expect(stdout).toBe(said)
})
