/** The storage layer against what machines really do: kill -9, and a disk that is full. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { createGroupCommit } from '../../storage/group-commit.ts'
import { openJournal } from '../../storage/journal.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { createGuardedStore } from '../../storage/writable-state.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { LIMITS } from '../../core/limits.ts'

const WRITER = fileURLToPath(new URL('../support/journal-writer.ts', import.meta.url))

/** Runs the writer until it has acknowledged so many `records`, then kills it; the last number. */
async function killAfter(directory: string, records: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const closed = once(child, 'close')
  let last = 0
  let lines = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    // The last line may have been cut by the kill; a shorter number does no harm.
    last = Math.max(last, Number(line))
    if ((lines += 1) === records) child.kill('SIGKILL')
  })
  await closed
  return last
}

test('after kill -9 everything acknowledged is there, and the chain is whole', async () => {
  const directory = await temporaryDirectory()
  let acknowledged = 0
  for (const records of [1, 50, 300, 1000, 2500]) {
    acknowledged = await killAfter(directory, records)
    const store = await openLevelStore(join(directory, 'db'), { create: false })
    const commit = createGroupCommit({ store })
    const journal = await openJournal(
      { clock: systemClock, store, commit },
      { name: 'j', directory }
    )
    expect(journal.report).toMatchObject({ breakCount: 0, tailLost: 0 })
    expect(journal.sequence).toBeGreaterThanOrEqual(acknowledged)
    let read = 0
    for await (const { payload } of journal.read(0)) read += payload.length === 200 ? 1 : 0
    expect(read).toBe(journal.sequence)
    await store.close()
  }
  expect(acknowledged).toBeGreaterThan(3000)
})

/** A disk of `size`, or `undefined` where mounting is not allowed. */
async function smallDisk(size: string): Promise<string | undefined> {
  const path = join(await temporaryDirectory(), 'disk')
  await mkdir(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', [path])
  })
  return path
}

test('a full disk makes the database read-only; with room again it goes on, and nothing is lost', async ({
  skip
}) => {
  const directory = (await smallDisk('8m')) ?? skip('mounting is not allowed here')
  const clock = new ManualClock()
  const store = createGuardedStore({
    clock,
    store: await openLevelStore(join(directory, 'db'), { create: true })
  })
  try {
    const commit = createGroupCommit({ store })
    const journal = await openJournal({ clock, store, commit }, { name: 'j', directory })
    const payload = Buffer.from(crypto.getRandomValues(new Uint8Array(8 * 1024)))
    let acknowledged = 0
    const failure = await (async () => {
      for (;;) acknowledged = await journal.append(payload, { sync: true })
    })().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_FULL' })
    expect(store.state).toMatchObject({ name: 'read-only', error: { code: 'STORE_FULL' } })
    expect(await count(journal.read(0))).toBe(acknowledged)

    const changed = once(store.events, 'changed')
    execFileSync('mount', ['-o', 'remount,size=64m', directory])
    await clock.advance(LIMITS.storeProbe.value)
    await changed
    expect(store.state).toEqual({ name: 'writable' })
    expect(await journal.append(payload, { sync: true })).toBeGreaterThan(acknowledged)
    expect(await count(journal.read(0))).toBe(journal.sequence)
    await journal.close()
  } finally {
    await store.close()
  }
})

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let number = 0
  for await (const _ of items) number += 1
  return number
}
