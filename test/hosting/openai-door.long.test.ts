/** The door for OpenAI clients, as the AI SDK comes in by it: text, tools, data, and what is refused. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startOpenAiNode } from '../support/openai-node.ts'
import { PROJECTS } from './swarm.ts'

const run = promisify(execFile)

test('the AI SDK uses agents as models', async () => {
  const node = await startOpenAiNode()
  onTestFinished(() => node.stop())
  const script = join(PROJECTS, 'openai-door/client.ts')
  const { stdout } = await run(process.execPath, [script, node.url, await node.token()])
  expect(JSON.parse(stdout)).toEqual({
    echoed: 'hello, swarm',
    streamed: 'sunny in Rome',
    steps: ['tool-calls', 'stop'],
    counted: true,
    object: { city: 'Rome' },
    refused: expect.stringContaining('takes no tools')
  })
}, 60_000)
