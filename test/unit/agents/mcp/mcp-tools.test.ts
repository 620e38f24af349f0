/** Tools and the agent that are made of an MCP server: names, effects, results, orders. */
import type { CallToolResult } from '@modelcontextprotocol/client'
import { expect, test, vi } from 'vitest'
import type { AgentRequest } from '../../../../agents/agent.ts'
import type { McpCall } from '../../../../agents/mcp/connection.ts'
import { toolId } from '../../../../agents/mcp/mcp-tools.ts'
import { textOf } from '../../../../core/a2a.ts'
import type { Part } from '../../../../core/a2a.ts'
import type { Json, JsonObject } from '../../../../core/json.ts'
import type { McpServerInit } from '../../../../core/mcp-server.ts'
import { fakeServers, mcpTool, PROGRAM } from '../../../support/mcp-servers.ts'
import { toolContext } from '../../../support/tool-context.ts'

async function setup(
  server: McpServerInit = PROGRAM,
  {
    result,
    tools = [mcpTool('a')]
  }: { result?: CallToolResult; tools?: ReturnType<typeof mcpTool>[] } = {}
) {
  const answer = vi.fn<(call: McpCall) => Promise<CallToolResult>>(async (call) => {
    call.onProgress?.('half way')
    return result ?? { content: [{ type: 'text', text: JSON.stringify(call.input) }] }
  })
  const resource = { uri: 'file:///notes', name: 'notes', description: '' }
  const parts = fakeServers({
    listing: { tools, resources: [resource] },
    answer,
    configured: { s: server }
  })
  await parts.servers.start()
  await parts.clock.advance(0)
  return { ...parts, answer }
}

test.for([
  ['read', /^s_read$/],
  ['read-file', /^s_read-file$/],
  ['read file/now', /^s_read_file_now_[0-9a-f]{6}$/],
  ['x'.repeat(100), /^s_x{55}_[0-9a-f]{6}$/]
] as const)('the tool %s of a server is known as %s', ([name, id]) => {
  expect(toolId('s', name)).toMatch(id)
})

test('names that look alike once they are cleaned stay two tools', async () => {
  const { toolIds } = await setup(PROGRAM, { tools: [mcpTool('a b'), mcpTool('a/b')] })
  expect(new Set(toolIds('s')).size).toBe(3)
})

test.for([
  [{}, PROGRAM, ['read-private', 'network', 'write']],
  [{ readOnly: true }, PROGRAM, ['read-private', 'network']],
  [{ readOnly: true, openWorld: false }, PROGRAM, ['read-private']],
  [{ readOnly: true, openWorld: false }, { url: 'https://x.org' }, ['read-private', 'network']],
  [{}, { ...PROGRAM, effects: ['execute'] }, ['execute']],
  [{}, { ...PROGRAM, effects: [] }, []]
] as const)('hints %o of %o make the effects %o', async ([hints, server, effects]) => {
  const { tool } = await setup(server, { tools: [mcpTool('a', { hints })] })
  expect(tool('s', 's_a')).toMatchObject({ effects, untrusted: true })
})

test('a tool that says it destroys asks each time, unless its user knows better', async () => {
  const tools = [mcpTool('a', { hints: { destructive: true } })]
  expect((await setup(PROGRAM, { tools })).tool('s', 's_a')?.asks).toBe(true)
  const { tool } = await setup({ ...PROGRAM, effects: ['write'] }, { tools })
  expect(tool('s', 's_a')?.asks).toBe(false)
})

test('a tool is called with its input, and tells of its progress', async () => {
  const { tool, answer } = await setup()
  const said: string[] = []
  const context = toolContext({ say: (text) => void said.push(text) })
  expect(await tool('s', 's_a')?.execute({ text: 'x' }, context)).toBe('{"text":"x"}')
  expect(answer.mock.lastCall?.[0]).toMatchObject({ tool: 'a', input: { text: 'x' } })
  expect(said).toEqual(['half way'])
})

/** Matching it takes twice as long for each letter more. */
const ENDLESS = { type: 'string', pattern: '^(\\w+\\s?)+$' }
const QUESTION = 'tell me what the weather in Rome will be?'

async function callWith(inputSchema: JsonObject, input: Json): Promise<unknown> {
  const parts = await setup(PROGRAM, { tools: [mcpTool('a', { inputSchema })] })
  const made = parts.tool('s', 's_a')
  // Models read all of it.
  expect(made?.inputSchema).toEqual(inputSchema)
  await made?.execute(await made.parse(input), toolContext())
  return parts.answer.mock.lastCall?.[0].input
}

test.for([
  [{ properties: { q: ENDLESS } }, { q: QUESTION }],
  [{ properties: { q: { type: 'array', items: ENDLESS } } }, { q: [QUESTION] }],
  [{ properties: { q: { anyOf: [ENDLESS, { type: 'null' }] } } }, { q: QUESTION }],
  [{ allOf: [{ properties: { q: ENDLESS } }] }, { q: QUESTION }],
  [{ properties: { q: { $ref: '#/$defs/q' } }, $defs: { q: ENDLESS } }, { q: QUESTION }],
  [{ patternProperties: { [ENDLESS.pattern]: { type: 'number' } } }, { [QUESTION]: 1 }],
  [{ propertyNames: ENDLESS }, { [QUESTION]: 1 }]
] as const)('no regular expression of a server runs here: %j', async ([schema, input]) => {
  expect(await callWith({ type: 'object', ...schema }, input)).toEqual(input)
})

test('references that double the work with each step are not followed', async () => {
  const names = Array.from({ length: 64 }, (_, index) => `d${index}`)
  const $defs = Object.fromEntries(
    names.map((name, index) => {
      const $ref = `#/$defs/d${index + 1}`
      return [name, { allOf: [{ $ref }, { $ref }] }]
    })
  )
  const schema = { type: 'object', $ref: '#/$defs/d0', $defs: { ...$defs, d64: {} } }
  expect(await callWith(schema, {})).toEqual({})
})

test('a schema cannot make a call fail where nobody waits for it', async () => {
  await expect(
    callWith({ type: 'object', $async: true, required: ['q'] }, {})
  ).rejects.toMatchObject({ code: 'TOOL_INPUT' })
})

/** Each allows its input only because of what is not checked here. */
test.for([
  [{ patternProperties: { '^x-': {} }, additionalProperties: false }, { 'x-a': 1 }],
  [{ properties: { q: { not: { type: 'string', pattern: '^/' } } } }, { q: 'a' }],
  [{ properties: { q: { oneOf: [{ pattern: '^a' }, { pattern: '^b' }] } } }, { q: 'a' }],
  // oxlint-disable-next-line unicorn/no-thenable -- so JSON Schema calls it
  [{ if: { properties: { q: { pattern: '^/' } } }, then: { required: ['p'] } }, { q: 'a' }],
  [{ properties: { q: { contains: { pattern: '^/' }, maxContains: 1 } } }, { q: ['/a', 'b'] }],
  [
    { $ref: '#/$defs/q', $defs: { q: { properties: { q: {} } } }, unevaluatedProperties: false },
    { q: 1 }
  ]
] as const)('what the schema %j allows is not refused', async ([schema, input]) => {
  expect(await callWith({ type: 'object', ...schema }, input)).toEqual(input)
})

test.for([
  [{ properties: { pattern: { type: 'string' } } }, { pattern: 1 }, 'pattern: must be string'],
  [{ properties: { $ref: { type: 'string' } } }, { $ref: 1 }, '$ref: must be string'],
  [{ properties: { q: ENDLESS } }, { q: 1 }, 'q: must be string'],
  [{ properties: { q: { items: { enum: ['a'] } } } }, { q: ['b'] }, 'q.0: must be equal'],
  [{ properties: { q: { oneOf: [ENDLESS, { type: 'null' }] } } }, { q: 1 }, 'q: must be string'],
  [{ properties: {}, additionalProperties: false }, { q: 1 }, '("q")'],
  [{ required: ['q'] }, {}, `must have required property 'q'`]
] as const)(
  'all else is checked before the server is asked: %j',
  async ([schema, input, reason]) => {
    await expect(callWith({ type: 'object', ...schema }, input)).rejects.toThrow(reason)
  }
)

const IMAGE = { type: 'image', data: 'AAAA', mimeType: 'image/png' } as const

test.for([
  [
    {
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' }
      ]
    },
    'a\nb'
  ],
  [{ content: [{ type: 'text', text: '{}' }], structuredContent: { a: 1 } }, { a: 1 }],
  [
    { content: [IMAGE] },
    {
      content: [{ type: 'image', mediaType: 'image/png', bytes: 3 }],
      parts: [{ raw: 'AAAA', mediaType: 'image/png' }]
    }
  ],
  [
    { content: [{ type: 'resource_link', uri: 'file:///a', name: 'a' }] },
    [{ type: 'link', uri: 'file:///a', name: 'a' }]
  ],
  [
    { content: [{ type: 'resource', resource: { uri: 'file:///a', text: 'x' } }] },
    [{ type: 'resource', uri: 'file:///a', text: 'x' }]
  ]
] as [CallToolResult, unknown][])('the result %o is told as %o', async ([result, output]) => {
  const { tool } = await setup(PROGRAM, { result })
  expect(await tool('s', 's_a')?.execute({ text: 'x' }, toolContext())).toEqual(output)
})

test('a result that is an error fails with what it says', async () => {
  const result = {
    isError: true,
    content: [{ type: 'text' as const, text: 'no\u001b[31m such file' }]
  }
  const { tool } = await setup(PROGRAM, { result })
  await expect(tool('s', 's_a')?.execute({ text: 'x' }, toolContext())).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    message: 'the tool "s_a" failed: no[31m such file'
  })
})

test('resources are read with a tool', async () => {
  const { tool } = await setup()
  const reader = tool('s', 's_read_resource')
  expect(reader?.description).toContain('file:///notes')
  expect(await reader?.execute({ uri: 'file:///notes' }, toolContext())).toBe(
    'text of file:///notes'
  )
})

async function run(parts: readonly Part[], tools = [mcpTool('a'), mcpTool('b')]): Promise<string> {
  const { agents } = await setup({ ...PROGRAM, agent: true }, { tools })
  const [agent] = agents.get('s') ?? []
  const message = { messageId: 'm', role: 'ROLE_USER' as const, parts }
  const request = { message, text: textOf(parts), signal: new AbortController().signal }
  const outputs = await Array.fromAsync(agent?.run(request as AgentRequest) ?? [])
  return outputs
    .flatMap((output) =>
      typeof output === 'object' && output.type === 'artifact' ? output.artifact.parts : []
    )
    .map((part) => textOf([part]))
    .join()
}

test.for([
  [[{ text: 'a {"text": "x"}' }], '{"text":"x"}'],
  [[{ text: 'a hello there' }], '{"text":"hello there"}'],
  [[{ text: 's.b' }], '{}'],
  [[{ data: { tool: 'b', input: { n: 1 } } }], '{"n":1}']
] as [Part[], string][])('the agent takes %o for %s', async ([parts, input]) => {
  expect(await run(parts)).toBe(input)
})

test('the only tool of a server need not be named', async () => {
  expect(await run([{ text: 'hello there' }], [mcpTool('a')])).toBe('{"text":"hello there"}')
})

test('an order that names no tool is told which there are', async () => {
  await expect(run([{ text: 'please help' }])).rejects.toMatchObject({
    code: 'AGENT_INPUT',
    details: { reason: 'begin with the name of a tool: a, b' }
  })
})
