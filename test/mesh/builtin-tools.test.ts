/** The built-in tools of two whole nodes: they find and ask each other's agents, and share what they write. */
import { expect, test, vi } from 'vitest'
import type { ToolContext } from '../../agents/tools/tool.ts'
import type { Json } from '../../core/json.ts'
import type { Assembly } from '../../node/assembly.ts'
import { met, startMemoryNode } from '../support/memory-nodes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { toolContext } from '../support/tool-context.ts'
import { PATIENCE } from '../support/patience.ts'

async function setup() {
  const folder = await temporaryDirectory()
  const anna = await startMemoryNode(folder, { name: 'anna' })
  const bert = await startMemoryNode(folder, { name: 'bert', agents: { enabled: ['echo'] } })
  await met([anna, bert])
  return { anna, bert }
}

/** Calls a tool of `node` as an agent there does. */
async function call(
  node: Assembly,
  id: string,
  { input, say = () => {} }: { readonly input: Json; readonly say?: ToolContext['say'] }
): Promise<Json> {
  const tool = node.tools.registry.find(id)
  if (tool === undefined) throw new TypeError(id)
  const signal = new AbortController().signal
  const context = toolContext({
    signal,
    say,
    memory: node.memoryFor(signal),
    ask: (target, parts, options) =>
      node.asking.ask({
        target,
        parts: typeof parts === 'string' ? [{ text: parts }] : parts,
        parent: '01890a5d-ac96-774b-bcce-000000000000',
        contextId: 'context',
        depth: 1,
        timeoutMs: () => 10_000,
        heartbeat: () => {},
        signal,
        ...options
      })
  })
  return tool.execute(await tool.parse(input), context)
}

test('an agent of another node is found and asked, and what it says arrives while it works', async () => {
  const { anna } = await setup()
  const find = async (): Promise<Json> => call(anna, 'agents_find', { input: { query: 'echo' } })
  await vi.waitFor(async () => {
    expect(await find()).toMatchObject({ agents: [{ agent: 'echo', node: 'bert', local: false }] })
  }, PATIENCE)
  const said: string[] = []
  const input = { target: 'echo', message: 'one two three' }
  const done = await call(anna, 'delegate', { input, say: (text) => void said.push(text) })
  expect(done).toEqual({ text: 'one two three', agent: 'echo', node: 'bert' })
  expect(said.join('')).toBe('one two three')
})

test('what one writes, the other reads, finds and forgets', async () => {
  const { anna, bert } = await setup()
  const value = { name: 'Ada', city: 'London' }
  await call(anna, 'memory_write', { input: { key: 'people/ada', value } })
  const read = (): Promise<Json> => call(bert, 'memory_read', { input: { key: 'people/ada' } })
  await vi.waitFor(async () => expect(await read()).toMatchObject({ fact: { value } }), PATIENCE)
  expect(await call(bert, 'memory_search', { input: { text: 'london' } })).toMatchObject({
    hits: [{ key: 'people/ada', value }]
  })
  await call(anna, 'memory_write', { input: { key: 'people/bob', value: 1 } })
  const list = (more: object): Promise<Json> =>
    call(anna, 'memory_read', { input: { prefix: 'people/', ...more } })
  expect(await list({ limit: 1 })).toMatchObject({
    facts: [{ key: 'people/ada' }],
    next: 'people/ada'
  })
  expect(await list({ after: 'people/ada' })).toMatchObject({ facts: [{ key: 'people/bob' }] })
  await call(bert, 'memory_write', { input: { key: 'people/ada', value: null } })
  expect(await read()).toEqual({ fact: null })
  for (const input of [{ key: '' }, { key: 'a', prefix: 'a' }, {}, { key: 'a', space: '' }]) {
    await expect(call(bert, 'memory_read', { input })).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  }
  await expect(
    call(bert, 'memory_write', { input: { key: '\0', value: 1 } })
  ).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  await expect(
    call(bert, 'memory_read', { input: { key: 'a', space: 'no-such-space' } })
  ).rejects.toMatchObject({ code: 'SPACE_UNKNOWN' })
})
