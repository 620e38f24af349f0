/** Tools of a node: what outlives it, and what a person does with them by hand. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import type { ToolboxRequest } from '../../../agents/tools/toolbox.ts'
import type { ToolCallEvent } from '../../../client/tools-api.ts'
import { systemClock } from '../../../core/clock.ts'
import { silentLogger } from '../../../core/logger.ts'
import { nodeConfigSchema } from '../../../node/config/schema.ts'
import { createToolOperations } from '../../../node/operations/tools.ts'
import { createNodeTools } from '../../../node/tools.ts'
import { noMemory } from '../../support/agent-runner.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { makeTool } from '../../support/toolbox.ts'

const LOUD = makeTool('loud', {
  execute: ({ text }, { say }) => {
    say('on it')
    return `${text as string}!`
  }
})
const WRITE = makeTool('write', { effects: ['write'] })
const FAIL = makeTool('fail', { execute: () => Promise.reject(new Error('no paper')) })

function request(signal: AbortSignal): ToolboxRequest {
  return {
    taskId: 'by hand',
    contextId: 'by hand',
    caller: 'self',
    log: silentLogger,
    ask: () => Promise.reject(new Error('nobody is here')),
    memory: noMemory(),
    remainingMs: () => Infinity,
    signal,
    history: [],
    depth: 0
  }
}

async function start(
  home: string,
  config: z.input<typeof nodeConfigSchema>['tools'] = {},
  tools: readonly object[] = [LOUD, WRITE, FAIL]
) {
  const nodeTools = await createNodeTools(
    { clock: systemClock, random: seededRandom(1), logger: silentLogger, finder: () => undefined },
    {
      config: nodeConfigSchema.parse({ tools: config }),
      self: 'self',
      dataDirectory: home,
      configDirectory: home,
      tools
    }
  )
  await nodeTools.start()
  onTestFinished(() => nodeTools.stop())
  const operations = createToolOperations({ clock: systemClock, tools: nodeTools, request })
  const call = async (tool: string, input = {}, consent = false): Promise<ToolCallEvent[]> =>
    Array.fromAsync(operations.call(tool, { input, consent }, new AbortController().signal))
  const verdict = async (id: string) =>
    (await operations.list()).tools.find((tool) => tool.id === id)?.verdicts
  return { operations, call, verdict }
}

test('what was decided by hand is there again after a restart', async () => {
  const home = await temporaryDirectory()
  const { operations } = await start(home)
  await operations.rule({ tool: 'write', action: 'allow', caller: 'self' })
  await operations.rule({ tool: 'loud', action: 'deny' })
  await operations.setEnabled('fail', false)
  const again = await start(home)
  expect(await again.verdict('write')).toEqual({ self: 'allow', peer: 'deny' })
  expect(await again.verdict('loud')).toEqual({ self: 'deny', peer: 'deny' })
  expect((await again.operations.show('fail')).tool.enabled).toBe(false)
  expect((await again.operations.list()).rules).toEqual([
    'allow write for self',
    'deny loud for self',
    'deny loud for peers'
  ])
  await again.operations.reset('loud')
  await again.operations.setEnabled('fail', true)
  const last = await start(home)
  expect(await last.verdict('loud')).toEqual({ self: 'allow', peer: 'allow' })
  expect((await last.operations.show('fail')).tool.enabled).toBe(true)
})

test('when what was decided cannot be read nothing may be used, until the owner says so', async () => {
  const home = await temporaryDirectory()
  await writeFile(join(home, 'tools.json'), '{"v": 1, "disabled"')
  const { operations, verdict } = await start(home)
  expect(await verdict('loud')).toEqual({ self: 'deny', peer: 'deny' })
  expect(await readdir(home)).toContain('tools.json.damaged')
  const again = await start(home)
  expect(await again.verdict('loud')).toEqual({ self: 'deny', peer: 'deny' })
  await operations.reset('*')
  expect(await verdict('loud')).toEqual({ self: 'allow', peer: 'allow' })
})

test('the configuration decides which tools there are and who may use them', async () => {
  const { verdict, operations } = await start(await temporaryDirectory(), {
    enabled: ['loud', 'wr*'],
    policy: ['allow write for peers', 'deny loud']
  })
  expect(await verdict('write')).toEqual({ self: 'ask', peer: 'allow' })
  expect((await operations.show('write')).tool.reasons.peer).toBe('the rule allow write for peers')
  expect(await verdict('loud')).toEqual({ self: 'deny', peer: 'deny' })
  expect((await operations.show('fail')).tool.enabled).toBe(false)
})

test('files of the folder beside the configuration are tools', async () => {
  const home = await temporaryDirectory()
  await mkdir(join(home, 'tools'))
  const file = join(home, 'tools', 'double.mjs')
  await writeFile(
    file,
    "export const d = { id: 'double', description: 'D.', effects: [], inputSchema: { type: 'object' }, execute: ({ n }) => n * 2 }"
  )
  const { call, operations } = await start(home)
  expect(await call('double', { n: 21 })).toMatchObject([{ type: 'result', output: 42 }])
  expect((await operations.show('double')).tool.source).toBe('folder')
})

test('a call by hand tells what the tool says, and then its result', async () => {
  const { call } = await start(await temporaryDirectory())
  expect(await call('loud', { text: 'hi' })).toEqual([
    { v: 1, type: 'text', text: 'on it' },
    { v: 1, type: 'result', output: 'hi!', tookMs: expect.any(Number) }
  ])
})

test('a call by hand needs the yes that policy asks for, and is refused what policy denies', async () => {
  const { call, operations } = await start(await temporaryDirectory())
  await expect(call('write')).rejects.toMatchObject({ code: 'TOOL_CONSENT' })
  expect(await call('write', {}, true)).toMatchObject([{ type: 'result' }])
  await operations.rule({ tool: 'write', action: 'deny' })
  await expect(call('write', {}, true)).rejects.toMatchObject({ code: 'TOOL_DENIED' })
  await operations.setEnabled('loud', false)
  await expect(call('loud')).rejects.toMatchObject({ code: 'TOOL_DENIED' })
  await expect(call('laud')).rejects.toMatchObject({ code: 'TOOL_UNKNOWN' })
})

test('a call by hand that fails says with what', async () => {
  const { call } = await start(await temporaryDirectory())
  await expect(call('fail')).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    details: { tool: 'fail', reason: 'no paper' }
  })
})
