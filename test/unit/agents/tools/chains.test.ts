import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { fanOut, mapTool, pipeTools } from '../../../../agents/tools/chains.ts'
import { tool } from '../../../../agents/tools/define-tool.ts'
import type { TypedTool } from '../../../../agents/tools/define-tool.ts'
import { openToolbox, use } from '../../../support/toolbox.ts'

const fetchPage = tool({
  id: 'fetch_page',
  description: 'Reads a page.',
  effects: ['network'],
  untrusted: true,
  inputSchema: z.object({ url: z.string() }),
  execute: ({ url }) => ({ text: `page of ${url}` })
})
const count = tool({
  id: 'count',
  description: 'Counts letters.',
  inputSchema: z.object({ text: z.string(), unit: z.string().default('letters') }),
  outputSchema: z.number(),
  execute: ({ text }) => text.length
})
const shout = tool({
  id: 'shout',
  description: 'Writes in capitals.',
  inputSchema: z.object({ text: z.string() }),
  execute: ({ text }) => text.toUpperCase()
})
const INIT = { id: 'chain', description: 'A chain.' }

test('a pipe gives each what the one before returned, through functions as well', async () => {
  const pipe = pipeTools(INIT, [fetchPage, ({ text }) => ({ text: `${text}!` }), count])
  expectTypeOf(pipe).toExtend<TypedTool<{ url: string }, number>>()
  expect(pipe.inputSchema).toEqual(fetchPage.inputSchema)
  const { box } = await openToolbox([pipe])
  expect(await use(box, 'chain', { input: { url: 'x' } })).toMatchObject({ output: 10 })
})

test('a pipe whose types do not fit is refused by the compiler, and by the schema of the next one', async () => {
  // @ts-expect-error -- count takes a text, and not what it returns
  const pipe = pipeTools(INIT, [count, count])
  const { box } = await openToolbox([pipe])
  expect(await use(box, 'chain', { input: { text: 'x' } })).toMatchObject({
    code: 'TOOL_INPUT',
    text: expect.stringContaining('count:')
  })
  expect(() => pipeTools(INIT, [] as never)).toThrow(TypeError)
})

test('a map works on each item, a few at a time, and keeps their order', async () => {
  let running = 0
  let most = 0
  const slow = tool({
    id: 'slow',
    description: 'Takes turns.',
    inputSchema: z.object({ n: z.number() }),
    async execute({ n }) {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return n * 2
    }
  })
  const map = mapTool(INIT, slow)
  expectTypeOf(map).toExtend<TypedTool<{ readonly items: readonly { n: number }[] }, number[]>>()
  const { box } = await openToolbox([map])
  const items = Array.from({ length: 20 }, (_, n) => ({ n }))
  expect(await use(box, 'chain', { input: { items } })).toMatchObject({
    output: items.map(({ n }) => n * 2)
  })
  expect(most).toBe(8)
  expect(await use(box, 'chain', { input: { items: [{ n: 'x' }] } })).toMatchObject({
    code: 'TOOL_INPUT',
    text: expect.stringContaining('items.0.n')
  })
})

test('a map ends with its first failure, and begins nothing more', async () => {
  const begun: number[] = []
  const picky = tool({
    id: 'picky',
    description: 'Does not like 0.',
    inputSchema: z.object({ n: z.number() }),
    execute({ n }) {
      begun.push(n)
      if (n === 0) throw new Error('no zeros')
      return new Promise((resolve) => setImmediate(() => resolve(n)))
    }
  })
  const { box } = await openToolbox([mapTool(INIT, picky)])
  const items = Array.from({ length: 100 }, (_, n) => ({ n }))
  expect(await use(box, 'chain', { input: { items } })).toMatchObject({
    text: 'TOOL_FAILED: no zeros'
  })
  expect(begun.length).toBeLessThan(20)
})

test('a fan-out gives the same to all, and what they return under their names', async () => {
  const fan = fanOut(INIT, { length: count, loud: shout })
  expectTypeOf(fan).toExtend<TypedTool<{ text: string }, { length: number; loud: string }>>()
  const { box } = await openToolbox([fan])
  expect(await use(box, 'chain', { input: { text: 'abc' } })).toMatchObject({
    output: { length: 3, loud: 'ABC' }
  })
  expect(await use(box, 'chain')).toMatchObject({ code: 'TOOL_INPUT' })
})

test('a fan-out that fails tells the others to stop', async () => {
  const signals: AbortSignal[] = []
  const hang = tool({
    id: 'hang',
    description: 'Waits.',
    execute: (_, { signal }) => {
      signals.push(signal)
      return new Promise<null>(() => {})
    }
  })
  const fail = tool({
    id: 'fail',
    description: 'Fails.',
    execute: () => Promise.reject<null>(new Error('broken'))
  })
  const { box } = await openToolbox([fanOut(INIT, { hang, fail })])
  expect(await use(box, 'chain')).toMatchObject({ text: 'TOOL_FAILED: broken' })
  expect(signals[0]?.aborted).toBe(true)
})

test('a chain has the effects of all its parts, and is trusted as little as the least of them', () => {
  const write = tool({
    id: 'write',
    description: 'W.',
    effects: ['write'],
    egress: false,
    asks: true,
    execute: () => null
  })
  expect(fanOut(INIT, { write, fetchPage, count })).toMatchObject({
    effects: ['write', 'network'],
    untrusted: true,
    egress: true,
    asks: true
  })
  expect(mapTool(INIT, write)).toMatchObject({
    effects: ['write'],
    untrusted: false,
    egress: false
  })
})

test('what is denied of a part is denied of the chain', async () => {
  const { box } = await openToolbox([pipeTools(INIT, [fetchPage, count])], {
    rules: [
      { tool: 'chain', action: 'allow' },
      { tool: 'fetch_*', action: 'deny' }
    ]
  })
  expect(await use(box, 'chain', { input: { url: 'x' } })).toMatchObject({ code: 'TOOL_DENIED' })
})
