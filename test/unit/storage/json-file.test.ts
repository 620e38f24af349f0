import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createJsonFile } from '../../../storage/json-file.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-json-'))
  path = join(folder, 'numbers.json')
})

afterEach(() => rm(folder, { recursive: true }))

const document = z.strictObject({ numbers: z.array(z.number()) })

function open() {
  return createJsonFile({ path, maxBytes: 100, parse: (value) => document.parse(value) })
}

function never(): never {
  throw new Error('it is not damaged')
}

test('what was written last is what the next process reads', async () => {
  const file = open()
  expect(await file.read(never)).toBeUndefined()
  await Promise.all([1, 2, 3].map((number) => file.write({ numbers: [number] })))
  expect(await open().read(never)).toEqual({ numbers: [3] })
})

test.each(['{"numbers": [1', '{"numbers": ["one"]}', '{}'])(
  'a damaged file is put aside: %s',
  async (text) => {
    await writeFile(path, text)
    const told: string[] = []
    const otherwise = (damaged: { readonly path: string }) => {
      told.push(damaged.path)
      return { numbers: [] }
    }
    const file = open()
    expect(await file.read(otherwise)).toEqual({ numbers: [] })
    expect(told).toEqual([`${path}.damaged`])
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(text)
    await file.write({ numbers: [4] })
    expect(await open().read(never)).toEqual({ numbers: [4] })
  }
)

test('a write that fails does not stop the next one', async () => {
  const file = open()
  await rm(folder, { recursive: true })
  const refused = file.write({ numbers: [1] })
  await expect(refused).rejects.toThrow('ENOENT')
  await mkdir(folder)
  await file.write({ numbers: [2] })
  expect(await open().read(never)).toEqual({ numbers: [2] })
})

test('a file larger than allowed is not read', async () => {
  await writeFile(path, `{"numbers": [${'1,'.repeat(100)}1]}`)
  await expect(open().read(never)).rejects.toThrow('larger than 100 bytes')
})

test('one that is needed stays where it is when it is damaged, and ends every start', async () => {
  expect(await open().readNeeded('all is lost')).toBeUndefined()
  await writeFile(path, '{"numbers": [1')
  for (const _ of ['first', 'second']) {
    await expect(open().readNeeded('all is lost')).rejects.toMatchObject({
      code: 'FILE_DAMAGED',
      message: `the file ${path} says nothing sensible, and without it all is lost`
    })
  }
  expect(await readFile(path, 'utf8')).toBe('{"numbers": [1')
})

test.each([
  [
    'too long',
    { numbers: Array.from({ length: 60 }, () => 1) },
    /it would have \d{3} bytes of at most 100$/
  ],
  [
    'none of ours',
    { numbers: [Number.NaN] },
    /since nothing could read it: it would say nothing sensible$/
  ]
])(
  'what no start could read is not written, and what was there stays: %s',
  async (_, content, reason) => {
    const file = open()
    await file.write({ numbers: [1] })
    const refused = file.write(content)
    await expect(refused).rejects.toThrow(reason)
    await expect(refused).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
    expect(await open().readNeeded('all is lost')).toEqual({ numbers: [1] })
    await file.write({ numbers: [2] })
    expect(await open().readNeeded('all is lost')).toEqual({ numbers: [2] })
  }
)
