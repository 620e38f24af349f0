import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openChainedLog } from '../../../storage/chained-log.ts'
import type { ChainedLog } from '../../../storage/chained-log.ts'

let directory: string
const opened: ChainedLog[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lumos-chain-'))
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()))
  await rm(directory, { recursive: true })
})

async function start(fileBytes = 1_000_000): Promise<ChainedLog> {
  const log = await openChainedLog({ directory, fileBytes, files: 3 })
  opened.push(log)
  return log
}

async function contents(log: ChainedLog): Promise<unknown[]> {
  return (await Array.fromAsync(log.read())).map(({ content }) => content)
}

async function filled(count: number, fileBytes?: number): Promise<ChainedLog> {
  const log = await start(fileBytes)
  for (let at = 1; at <= count; at++) {
    // oxlint-disable-next-line no-await-in-loop -- each is a write of its own
    await log.append({ what: at })
  }
  return log
}

test('what was appended is there after a restart, in order, and the chain holds', async () => {
  const log = await start()
  await Promise.all([1, 2, 3].map((what) => log.append({ what })))
  await log.close()
  const next = await start()
  await next.append({ what: 4 })
  expect(await contents(next)).toEqual([{ what: 1 }, { what: 2 }, { what: 3 }, { what: 4 }])
  expect(await next.verify()).toEqual({ entries: 4, first: 1, head: expect.any(String) })
})

test('old files go, and the chain holds across those that are kept', async () => {
  const log = await filled(40, 500)
  const report = await log.verify()
  expect(report.broken).toBeUndefined()
  expect(report.first).toBeGreaterThan(1)
  expect(report.first + report.entries - 1).toBe(40)
  expect((await readdir(directory)).length).toBeLessThanOrEqual(3)
  await log.close()
  const next = await start(500)
  await next.append({ what: 41 })
  expect(await contents(next).then((all) => all.at(-1))).toEqual({ what: 41 })
  expect((await next.verify()).broken).toBeUndefined()
})

test.each<[string, (lines: string[]) => string[], string]>([
  ['a word was changed', (l) => l.with(1, (l[1] ?? '').replace('"what":2', '"what":7')), 'changed'],
  ['a line was taken away', (lines) => lines.toSpliced(1, 1), 'changed'],
  ['a line was put in', (lines) => lines.toSpliced(1, 0, lines[1] ?? ''), 'changed'],
  ['two lines changed places', ([a = '', b = '', c = '']) => [a, c, b], 'changed'],
  ['the end was cut off', (lines) => lines.slice(0, 2), 'end'],
  ['a line is no JSON', (lines) => lines.with(2, '{'), 'read']
])('it shows that %s', async (_, change, reason) => {
  const log = await filled(3)
  const path = join(directory, 'current.jsonl')
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  await writeFile(path, `${change(lines).join('\n')}\n`)
  expect((await log.verify()).broken?.reason).toContain(reason)
})

test('a line that was cut off by a loss of power is as if it had never been begun', async () => {
  await (await filled(2)).close()
  await appendFile(join(directory, 'current.jsonl'), '{"n":3,"prev":"')
  const next = await start()
  await next.append({ what: 3 })
  expect(await contents(next)).toEqual([{ what: 1 }, { what: 2 }, { what: 3 }])
  expect((await next.verify()).broken).toBeUndefined()
})

test('whoever has read a part reads on behind it, in whichever file that is', async () => {
  const log = await filled(20, 400)
  const all = (await Array.fromAsync(log.read())).map(({ number }) => number)
  expect((await readdir(directory)).length).toBeGreaterThan(2)
  for (let after = 0; after <= 21; after += 1) {
    const rest = (await Array.fromAsync(log.read(after))).map(({ number }) => number)
    expect(rest).toEqual(all.filter((number) => number > after))
  }
})
