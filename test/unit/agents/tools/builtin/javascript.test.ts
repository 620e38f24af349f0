/** JavaScript of strangers, in the real interpreter in its real process. */
import { afterAll, expect, test } from 'vitest'
import { createJavaScript } from '../../../../../agents/tools/builtin/javascript/javascript-tool.ts'
import { systemClock } from '../../../../../core/clock.ts'
import type { Json } from '../../../../../core/json.ts'
import { LIMITS } from '../../../../../core/limits.ts'
import { toolContext } from '../../../../support/tool-context.ts'

const javascript = createJavaScript({ clock: systemClock })
const { tool } = javascript
afterAll(() => javascript.stop())

async function run(code: string, more: object = {}): Promise<Json> {
  return tool.execute(await tool.parse({ code, ...more }), toolContext())
}

test('returns what the code returns, given JSON and giving JSON', async () => {
  const input = { list: [3, 1, 2], text: 'ä' }
  expect(
    await run('return { sorted: input.list.sort(), text: input.text + "!" }', { input })
  ).toEqual({ result: { sorted: [1, 2, 3], text: 'ä!' }, console: [] })
  expect(await run('const x = 1')).toEqual({ result: null, console: [] })
})

test('promises are waited for, and what is logged is told', async () => {
  const code = `
    console.log('a', { b: 1 }, undefined)
    const values = await Promise.all([1, 2].map(async (x) => x * 2))
    console.error(new TypeError('oh'))
    return values`
  expect(await run(code)).toEqual({
    result: [2, 4],
    console: ['a {"b":1} undefined', 'TypeError: oh']
  })
})

test.for([
  ['throw new TypeError("no")', /TypeError: no \(line 1\)/],
  ['throw "text"', /it threw text/],
  ['return {', /SyntaxError/],
  ['await new Promise(() => {})', /waits for what never happens/],
  ['console.log("seen"); null.x', /it logged: seen/],
  ['return 10n', /BigInt/i],
  ['const a = {}; a.a = a; return a', /circular/i],
  [`return 'x'.repeat(${LIMITS.scriptResult.value})`, /at most/],
  ['throw { get message() { for (;;); } }', /longer than 300 ms|threw an object/]
] as const)('what goes wrong is told in words: %s', async ([code, reason]) => {
  await expect(run(code, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  await expect(run(code, { timeoutMs: 300 })).rejects.toThrow(reason)
})

test.for([
  ['for (;;);', /longer than 200 ms/],
  ['for (;;) await 0', /longer than 200 ms/],
  ['const f = () => Promise.resolve().then(f); await f()', /longer than 200 ms/],
  ['try { for (;;); } catch { return 1 } finally { for (;;); }', /longer than 200 ms/],
  ['const f = () => f() + 1; return f()', /stack|recursion/i],
  ['const all = []; for (;;) all.push(new Array(1000).fill(1))', /memory|longer/],
  ['return "x".repeat(1e9)', /memory|length|longer/],
  ['return new Uint8Array(1e9).length', /memory|length/],
  ['let s = "x"; for (;;) s += s', /memory|too long|longer/],
  ['return /(a+)+$/.test("a".repeat(40) + "b")', /longer|interrupted/]
] as const)('no script takes more than it may have: %s', async ([code, reason]) => {
  await expect(run(code, { timeoutMs: 200 })).rejects.toThrow(reason)
  expect(await run('return 1 + 1')).toMatchObject({ result: 2 })
})

test('nothing of the machine can be reached', async () => {
  const names = ['process', 'require', 'fetch', 'setTimeout', 'WebAssembly', 'std', 'os', 'Worker']
  expect(await run(`return ${JSON.stringify(names)}.filter((name) => name in globalThis)`)).toEqual(
    {
      result: [],
      console: []
    }
  )
  const escape = 'return console.log.constructor("return typeof process + typeof require")()'
  expect(await run(escape)).toMatchObject({ result: 'undefinedundefined' })
  await expect(run('return await import("node:fs")')).rejects.toThrow(/could not load|module/i)
})

test('a script that spoils what it runs with spoils only its own result', async () => {
  const spoilers = [
    'JSON.stringify = () => { throw 1 }; JSON.parse = null; return { a: 1 }',
    'Object.prototype.toJSON = () => "owned"; Array.prototype.map = null; return { a: 1 }',
    'Object.prototype.__proto__ = null; globalThis.x = 1; return { a: 1 }',
    'Promise.prototype.then = () => 7; return { a: 1 }',
    'Function.prototype.call = null; console = null; return { a: 1 }'
  ]
  for (const code of spoilers) await run(code).catch(() => undefined)
  expect(await run('return [typeof x, JSON.stringify({ a: [1].map(String) })]')).toMatchObject({
    result: ['undefined', '{"a":["1"]}']
  })
})

test('more is not logged than anybody reads', async () => {
  const { console: lines } = (await run(
    'for (let i = 0; i < 1e4; i++) console.log("x".repeat(100))'
  )) as {
    console: string[]
  }
  expect(lines.join('\n').length).toBeLessThan(LIMITS.scriptConsole.value + 200)
})
