/** Opening the database: what happened to it since last time is told, and nothing is wiped. */
import { readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DatabaseInit, OpenedDatabase } from '../../../storage/database-identity.ts'
import { openDatabase } from '../../../storage/database-identity.ts'
import { markDamaged } from '../../../storage/damage-mark.ts'
import { openLevelStore } from '../../../storage/level-store.ts'
import type { Store } from '../../../storage/store.ts'
import { prefixRange } from '../../../storage/store.ts'
import { collect, put } from '../../contract/store.contract.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { smallDisk } from '../../support/small-disk.ts'
import { spoilTables } from '../../support/spoilt-tables.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const RECORDS = 12_000
const VALUE = 'v'.repeat(1000)

interface Home {
  readonly path: string
  open(init?: Partial<DatabaseInit>): Promise<OpenedDatabase>
  /** Opens, lets `action` do its part, and closes. */
  visit<T>(action: (opened: OpenedDatabase) => Promise<T>, init?: Partial<DatabaseInit>): Promise<T>
  files(pattern: RegExp): Promise<string[]>
}

let seed = 0

async function setup(folder?: string): Promise<Home> {
  const path = join(folder ?? (await temporaryDirectory()), 'db')
  const random = seededRandom((seed += 1))
  const clock = new ManualClock()
  async function open(init: Partial<DatabaseInit> = {}): Promise<OpenedDatabase> {
    clock.jump(1000)
    const opened = await openDatabase({ clock, random }, { path, migrations: [], ...init })
    onTestFinished(() => opened.store.close())
    return opened
  }
  return {
    path,
    open,
    async visit(action, init) {
      const opened = await open(init)
      const result = await action(opened)
      await opened.store.close()
      return result
    },
    async files(pattern) {
      const names = await readdir(path)
      return names.filter((name) => pattern.test(name)).map((name) => join(path, name))
    }
  }
}

async function fill({ store }: { readonly store: Store }): Promise<void> {
  for (let first = 0; first < RECORDS; first += 100) {
    const batch = Array.from({ length: 100 }, (_, n) => put(`k${first + n}`, VALUE))
    await store.commit(batch, { sync: false })
  }
}

/** A close may leave records in the log; the next opening moves them into tables. */
async function fillTables(home: Home): Promise<void> {
  await home.visit(fill)
  await home.visit(count)
}

async function count({ store }: { readonly store: Store }): Promise<number> {
  return (await collect(store, prefixRange('k'))).length
}

async function remove(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { recursive: true })
}

test('a first start has nothing to tell, a second one has the same id', async () => {
  const home = await setup()
  const first = await home.visit(async ({ id, reports }) => ({ id, reports }))
  expect(first).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), reports: [] })
  expect(await home.visit(async ({ id, reports }) => ({ id, reports }))).toEqual(first)
  expect(JSON.parse(await readFile(`${home.path}.json`, 'utf8'))).toMatchObject({ id: first.id })
})

test('a second process is told that the database is in use', async () => {
  const home = await setup()
  await home.open()
  await expect(home.open()).rejects.toMatchObject({ code: 'STORE_LOCKED' })
})

test.for([
  ['CURRENT is gone', async (home: Home) => remove(await home.files(/^CURRENT$/))],
  ['CURRENT is empty', async (home: Home) => truncate((await home.files(/^CURRENT$/))[0] ?? '')],
  ['the manifest is gone', async (home: Home) => remove(await home.files(/^MANIFEST/))],
  [
    'the manifest is cut off',
    async (home: Home) => truncate((await home.files(/^MANIFEST/))[0] ?? '', 10)
  ]
] as const)('repairs a database where %s, and loses nothing', async ([, damage]) => {
  const home = await setup()
  const id = await home.visit(async (opened) => {
    await fill(opened)
    return opened.id
  })
  await damage(home)
  const after = await home.open()
  expect(after).toMatchObject({ id, reports: [{ event: 'repaired', lost: 'unknown' }] })
  expect(await count(after)).toBe(RECORDS)
  const report = after.reports[0]
  expect(await readdir(report?.event === 'repaired' ? report.movedTo : '')).not.toEqual([])
})

test('never starts afresh over what LevelDB has left behind', async () => {
  const home = await setup()
  await home.visit(fill)
  await remove(await home.files(/^CURRENT$/))
  const before = await home.files(/ldb$/)
  await expect(openLevelStore(home.path, { create: true })).rejects.toMatchObject({
    code: 'STORE_CORRUPT'
  })
  expect(await home.files(/ldb$/)).toEqual(before)
})

test('repairs a database that misses tables, and tells that something may be lost', async () => {
  const home = await setup()
  await fillTables(home)
  // All of them: any one may be obsolete, and only wait for LevelDB to remove it.
  await remove(await home.files(/\.ldb$/))
  const after = await home.open()
  expect(after.reports).toMatchObject([{ event: 'repaired', lost: 'unknown' }])
  expect(await count(after)).toBeLessThan(RECORDS)
})

test('repairs on demand what shows its damage only to readers', async () => {
  const home = await setup()
  await fillTables(home)
  await spoilTables(home.path)
  await home.visit(async (opened) => {
    expect(opened.reports).toEqual([])
    await expect(count(opened)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  })
  const after = await home.open({ repair: true })
  expect(after.reports).toMatchObject([{ event: 'repaired' }])
  expect(await count(after)).toBeGreaterThan(RECORDS / 2)
})

test('a mark has all of the database read, and repaired if it is damaged anywhere', async () => {
  const home = await setup()
  await fillTables(home)
  await markDamaged(home.path, 'a bad block')
  await home.visit(async (opened) => {
    expect(opened.reports).toEqual([{ event: 'found whole', lost: 'nothing' }])
  })
  await home.visit(async (opened) => expect(opened.reports).toEqual([]))
  await spoilTables(home.path)
  await markDamaged(home.path, 'a bad block')
  const reports = await home.visit(async (opened) => {
    expect(await count(opened)).toBeGreaterThan(RECORDS / 2)
    return opened.reports
  })
  expect(reports).toMatchObject([{ event: 'repaired', reason: expect.stringMatching(/\w/) }])
  await home.visit(async (opened) => expect(opened.reports).toEqual([]))
})

test('waits with the repair until there is room for the copy', async ({ skip }) => {
  const disk = (await smallDisk('32m')) ?? skip('mounting is not allowed here')
  const home = await setup(disk)
  await home.visit(fill)
  await remove(await home.files(/^CURRENT$/))
  const filler = join(disk, 'filler')
  await writeFile(filler, Buffer.alloc(64 * 1024 * 1024)).catch(() => undefined)
  const full = { code: 'STORE_FULL', details: { path: home.path } }
  await expect(home.open()).rejects.toMatchObject(full)
  expect((await readdir(disk)).toSorted()).toEqual(['db', 'db.json', 'filler'])
  await rm(filler)
  const after = await home.open()
  expect(after.reports).toMatchObject([{ event: 'repaired' }])
  expect(await count(after)).toBe(RECORDS)
})

test('tells that the database is gone', async () => {
  const home = await setup()
  const id = await home.visit(async (opened) => opened.id)
  await rm(home.path, { recursive: true })
  const after = await home.open()
  expect(after.reports).toEqual([{ event: 'missing', lost: 'everything' }])
  expect(after.id).not.toBe(id)
})

test('moves an emptied database aside', async () => {
  const home = await setup()
  await home.visit(fill)
  await rm(home.path, { recursive: true })
  await (await openLevelStore(home.path, { create: true })).close()
  const after = await home.open()
  expect(after.reports).toMatchObject([{ event: 'replaced', lost: 'everything' }])
})

test('moves the database of another node aside, whole', async () => {
  const home = await setup()
  const other = await setup()
  await home.visit(fill)
  await other.visit(fill)
  await rm(home.path, { recursive: true })
  await rename(other.path, home.path)
  const after = await home.open()
  const [report] = after.reports
  expect(report).toMatchObject({ event: 'replaced' })
  expect(await count(after)).toBe(0)
  const aside = await openLevelStore(report?.event === 'replaced' ? report.movedTo : '', {
    create: false
  })
  expect(await count({ store: aside })).toBe(RECORDS)
  await aside.close()
})

test('writes a lost identity file again from the database', async () => {
  const home = await setup()
  const id = await home.visit(async (opened) => opened.id)
  await rm(`${home.path}.json`)
  await home.visit(async (after) =>
    expect(after).toMatchObject({ id, reports: [{ event: 'identity restored' }] })
  )
  await writeFile(`${home.path}.json`, 'garbage')
  await home.visit(async (after) => expect(after.id).toBe(id))
  await home.visit(async (after) => expect(after.reports).toEqual([]))
})

test('runs each migration once and in order, and goes on after one that failed', async () => {
  const home = await setup()
  await home.visit(fill)
  const ran: number[] = []
  let fails = true
  const migrations = [2, 3].map((version) => ({
    version,
    async run(store: Store) {
      ran.push(version)
      if (version === 3 && fails) throw new Error('no power')
      await store.commit([put(`m${version}`)], { sync: true })
    }
  }))
  await expect(home.open({ migrations })).rejects.toThrow('no power')
  fails = false
  await home.visit(
    async ({ store }) => {
      expect(await collect(store, prefixRange('m'))).toHaveLength(2)
    },
    { migrations }
  )
  await home.visit(count, { migrations })
  expect(ran).toEqual([2, 3, 3])
  await expect(home.open()).rejects.toMatchObject({
    code: 'STORE_TOO_NEW',
    details: { found: 3, known: 1 }
  })
})

test('a new database needs no migration', async () => {
  const home = await setup()
  const migrations = [{ version: 2, run: () => Promise.reject(new Error('not needed')) }]
  expect(await home.visit(count, { migrations })).toBe(0)
  expect(await home.visit(count, { migrations })).toBe(0)
})
