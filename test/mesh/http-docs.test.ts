/** The examples of docs/http.md, as somebody who copies them would run them. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'

const run = promisify(execFile)
const hasCurl = spawnSync('curl', ['--version']).status === 0

const BLOCKS = readFileSync('docs/http.md', 'utf8')
  .split('```')
  .flatMap((block) => (block.startsWith('sh\n') ? [block.slice(3)] : []))

test.skipIf(!hasCurl)('every curl of docs/http.md does what is said of it', async () => {
  const echo = testAgent('echo', async function* ({ text }) {
    yield text
  })
  const node = await startHttpNode([echo])
  onTestFinished(() => node.stop())
  const env = { ...process.env, URL: node.url, TOKEN: await node.token() }
  const answers: string[] = []
  for (const block of BLOCKS) {
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
