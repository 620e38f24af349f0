/** `lumos memory export` and `import`: a file of facts, and what is wrong with it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImportRequest } from '../../../client/memory-api.ts'
import type { MemoryOperations } from '../../../gateway/control/memory-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import type { TestCli } from '../../support/cli.ts'
import { FACT, fakeMemory } from '../../support/memory-operations.ts'

function setup(memory: Partial<MemoryOperations> = {}) {
  return createTestCli({ memory: fakeMemory(memory) })
}

/** A file in the home of the command. */
async function file(cli: TestCli, text: string): Promise<string> {
  const path = join(cli.home, 'facts.ndjson')
  await writeFile(path, text)
  return path
}

test('what export prints, import takes', async () => {
  const imported: ImportRequest['facts'][number][] = []
  const cli = await setup({
    async *export(space, prefix) {
      yield { ...FACT, space, key: `${prefix ?? ''}1` }
      yield { ...FACT, space, key: 'x', value: null }
    },
    async import(space, { facts }) {
      imported.push(...facts)
      return { v: 1, space, written: facts.length - 1, expired: 1 }
    }
  })
  const { out } = await cli.run(['memory', 'export', '--prefix', 'c', '--space', 'team'])
  const expected = { code: 0, out: '1 fact written to shared; 1 had expired\n', err: '' }
  expect(await cli.run(['memory', 'import', await file(cli, out)])).toEqual(expected)
  expect(await cli.run(['memory', 'import', '-'], { input: out })).toEqual(expected)
  const { value, expiresAt = '' } = FACT
  const facts = [
    { key: 'c1', value, expiresAt },
    { key: 'x', value: null, expiresAt }
  ]
  expect(imported).toEqual([...facts, ...facts])
})

test('a large file goes in batches that the daemon takes', async () => {
  const sizes: number[] = []
  const cli = await setup({
    async import(space, { facts }) {
      sizes.push(facts.length)
      return { v: 1, space, written: facts.length, expired: 0 }
    }
  })
  const lines = Array.from({ length: 600 }, (_, index) =>
    JSON.stringify({ key: `${index}`, value: 1 })
  )
  const { out } = await cli.run(['memory', 'import', '-', '--json'], { input: lines.join('\n') })
  expect(JSON.parse(out)).toEqual({ v: 1, space: 'shared', written: 600, expired: 0 })
  expect(sizes).toEqual([256, 256, 88])
})

test.for([
  ['{"key":"a","value":1', 'it is no JSON'],
  ['17', 'it is no fact'],
  ['{"value":1}', 'it has no key'],
  ['{"key":"a"}', 'it has no value'],
  ['{"key":"a","value":1,"expiresAt":"soon"}', 'its expiresAt is no time'],
  ['{"ok":false,"error":{"code":"INTERNAL"}}', 'it has no key']
] as const)('a damaged line is named, and nothing is written: %s', async ([line, reason]) => {
  let asked = 0
  const cli = await setup({
    async import(space) {
      asked += 1
      return { v: 1, space, written: 0, expired: 0 }
    }
  })
  const path = await file(cli, `{"key":"a","value":1}\n\n${line}\n`)
  const run = await cli.run(['memory', 'import', path])
  expect(run).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`line 3: ${reason}`) })
  expect(asked).toBe(0)
})

test('a file that is not there is named', async () => {
  const cli = await setup()
  expect(await cli.run(['memory', 'import', '/nowhere'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('/nowhere cannot be read: ENOENT')
  })
})
