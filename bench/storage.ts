/**
 * Journal records a second on this machine's disk: an fsync for each, group commit with so many in
 * flight, and without sync; then how fast a start checks and pages through what was written.
 *
 *     node bench/storage.ts
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { createGroupCommit } from '../storage/group-commit.ts'
import type { Journal } from '../storage/journal.ts'
import { openJournal } from '../storage/journal.ts'
import { openLevelStore } from '../storage/level-store.ts'
import type { Store } from '../storage/store.ts'

const ROUNDS = 5
const ROUND_MS = 1000
const PAYLOAD = new Uint8Array(400)
const START_RECORDS = 100_000

interface Row {
  readonly name: string
  readonly inFlight: number
  readonly write: (journal: Journal, store: Store, n: number) => Promise<unknown>
}

const put: Row['write'] = (_, store, n) =>
  store.commit([{ type: 'put', key: `bare/${n}`, value: PAYLOAD }], { sync: true })
const append =
  (sync: boolean): Row['write'] =>
  (journal) =>
    journal.append(PAYLOAD, { sync })

const ROWS: readonly Row[] = [
  { name: 'an fsync for each record', inFlight: 1, write: put },
  { name: 'an fsync for each record', inFlight: 128, write: put },
  { name: 'journal, group commit', inFlight: 1, write: append(true) },
  { name: 'journal, group commit', inFlight: 16, write: append(true) },
  { name: 'journal, group commit', inFlight: 128, write: append(true) },
  { name: 'journal, without sync', inFlight: 1, write: append(false) },
  { name: 'journal, without sync', inFlight: 128, write: append(false) }
]

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  try {
    const store = await openLevelStore(join(directory, 'db'), { create: true })
    const journal = await open(store, directory, 'rates')
    const rates = ROWS.map((): number[] => [])
    // Rounds interleaved: other work on the machine hits every row alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, row] of ROWS.entries()) {
        rates[index]?.push(await rate(row, journal, store))
      }
    }
    print('| records of 400 bytes | in flight | records/s |\n|---|---|---|')
    for (const [index, { name, inFlight }] of ROWS.entries()) {
      print(`| ${name} | ${inFlight} | ${Math.round(median(rates[index] ?? []))} |`)
    }
    await measureStart(store, directory)
    await store.close()
  } finally {
    await rm(directory, { recursive: true })
  }
}

function open(store: Store, directory: string, name: string): Promise<Journal> {
  const commit = createGroupCommit({ store })
  return openJournal({ clock: systemClock, store, commit }, { name, directory })
}

let written = 0

async function rate({ inFlight, write }: Row, journal: Journal, store: Store): Promise<number> {
  const start = performance.now()
  let done = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() - start < ROUND_MS) {
        await write(journal, store, (written += 1))
        done += 1
      }
    })
  )
  return (done * 1000) / (performance.now() - start)
}

async function measureStart(store: Store, directory: string): Promise<void> {
  const journal = await open(store, directory, 'start')
  for (let n = 0; n < START_RECORDS; n += 1000) {
    await Promise.all(Array.from({ length: 1000 }, () => journal.append(PAYLOAD, { sync: false })))
  }
  const opening = performance.now()
  const { report } = await open(store, directory, 'start')
  const opened = performance.now()
  for await (const _ of journal.read(0)) continue
  const read = performance.now()
  print(
    `\n${START_RECORDS} records: opened in ${ms(opened - opening)} (${report.records} checked), `
  )
  print(`all read and checked in ${ms(read - opened)}`)
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()
