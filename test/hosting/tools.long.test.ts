/** A tool that Mastra's `createTool` made is a tool of this node, unchanged. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asTool } from '../../agents/tools/define-tool.ts'
import { createToolRegistry } from '../../agents/tools/registry.ts'
import type { ToolContext } from '../../agents/tools/tool.ts'
import { agentRequest } from '../support/agent-request.ts'
import { PROJECTS } from './swarm.ts'

async function mastraTool(file: string, name: string) {
  const path = join(PROJECTS, 'mastra/src/mastra/tools', file)
  const exported: Readonly<Record<string, object>> = await import(path)
  return asTool(exported[name] ?? {})
}

function context(): ToolContext {
  const request = agentRequest('')
  const { signal } = request
  return { ...request, callId: 'c1', abortSignal: signal, say: () => undefined }
}

test('it is found by its id, checks its input and returns what it returns in Mastra', async () => {
  const registry = createToolRegistry()
  registry.assign('folder', [await mastraTool('weather-tool.ts', 'weatherTool')])
  const tool = registry.find('get-weather')
  expect(tool).toMatchObject({ description: 'Get the current weather of a city' })
  expect(tool?.inputSchema).toMatchObject({
    type: 'object',
    properties: { city: { type: 'string', description: 'City name' } },
    required: ['city']
  })
  const input = await tool?.parse({ city: 'Rome' })
  expect(await tool?.execute(input, context())).toEqual({ city: 'Rome', degrees: 21 })
  await expect((async () => tool?.parse({ town: 'Rome' }))()).rejects.toMatchObject({
    code: 'TOOL_INPUT'
  })
})

test('one that wants approval in Mastra asks here, too', async () => {
  expect(await mastraTool('delete-tool.ts', 'deleteTool')).toMatchObject({
    id: 'delete-record',
    asks: true
  })
})
