/** The newest records of folders that are read again and again: a turn of a conversation then costs no read. */
import { LIMITS } from '../../core/limits.ts'
import { compareKeys } from '../../storage/store.ts'
import type { Change } from './changeset.ts'
import type { MemoryRecord } from './record.ts'

/** As much of a record as its readers see. */
export type PageRecord = Pick<MemoryRecord, 'key' | 'value' | 'writer' | 'time' | 'expires'>

/** A folder that is being read from the disk. */
export interface PageReading {
  /** Holds what was read, by key, unless the folder changed meanwhile; all there is if less than `limit`. */
  hold(records: readonly MemoryRecord[], limit: number): void
  /** Whether anything came of it or not. */
  end(): void
}

/**
 * Equal to what is on the disk, as long as it is told of every change before whoever made it: what it
 * is not sure of it does not know. Records that vanish by themselves are not held.
 */
export interface RecentPages {
  /** The last `limit` records of `folder`, by key; `undefined` when that is not known. */
  newest(folder: string, limit: number): readonly PageRecord[] | undefined
  /** Whether no record of `key` is on the disk for certain. */
  lacks(key: string): boolean
  /** Before the disk is read: what changes from here on is noticed. */
  begin(folder: string): PageReading
  apply(changes: readonly Change[]): void
}

interface Page {
  records: PageRecord[]
  /** As many as somebody wanted at once; up to `SLACK` times as many are held. */
  wanted: number
  whole: boolean
  bytes: number
}

/** A page is cut only when it is longer by this: to cut it for every message would move all of it each time. */
const SLACK = 1.25

export function createRecentPages(): RecentPages {
  return new Pages()
}

class Pages implements RecentPages {
  /** Those asked last come last. */
  readonly #pages = new Map<string, Page>()
  readonly #readings = new Map<string, PageReading>()
  #bytes = 0

  newest(folder: string, limit: number): readonly PageRecord[] | undefined {
    const page = this.#pages.get(folder)
    if (page === undefined || (!page.whole && page.records.length < limit)) return undefined
    this.#pages.delete(folder)
    this.#pages.set(folder, page)
    page.wanted = Math.max(page.wanted, limit)
    return limit <= 0 ? [] : page.records.slice(-limit)
  }

  lacks(key: string): boolean {
    for (const folder of foldersOf(key)) {
      const page = this.#pages.get(folder)
      if (page !== undefined && isBehind(page, key)) return true
    }
    return false
  }

  begin(folder: string): PageReading {
    const isCurrent = (): boolean => this.#readings.get(folder) === reading
    const reading: PageReading = {
      hold: (records, limit) => {
        if (isCurrent() && records.every(stays)) this.#hold(folder, records, limit)
      },
      end: () => {
        if (isCurrent()) this.#readings.delete(folder)
      }
    }
    // Of two at once the first may hold what it reads: the other one reads no less.
    if (folder.endsWith('/') && !this.#readings.has(folder)) this.#readings.set(folder, reading)
    return reading
  }

  apply(changes: readonly Change[]): void {
    for (const { key, record } of changes) {
      for (const folder of foldersOf(key)) {
        this.#readings.delete(folder)
        const page = this.#pages.get(folder)
        if (page === undefined) continue
        if (record !== undefined && stays(record) && isBehind(page, key)) this.#add(page, record)
        else this.#drop(folder)
      }
    }
    this.#shrink()
  }

  #hold(folder: string, records: readonly MemoryRecord[], limit: number): void {
    this.#drop(folder)
    const page: Page = { records: [], wanted: limit, whole: records.length < limit, bytes: 0 }
    this.#pages.set(folder, page)
    for (const record of records) this.#add(page, record)
    this.#shrink()
  }

  #add(page: Page, { key, value, writer, time }: MemoryRecord): void {
    // A copy: what is small lies in a block of Node's that would stay for its sake.
    page.records.push({ key, value: new Uint8Array(value), writer, time })
    this.#count(page, key.length + value.length)
    if (page.records.length <= Math.ceil(SLACK * page.wanted)) return
    const gone = page.records.splice(0, page.records.length - page.wanted)
    page.whole = false
    this.#count(page, -sizeOf(gone))
  }

  #count(page: Page, bytes: number): void {
    page.bytes += bytes
    this.#bytes += bytes
  }

  #drop(folder: string): void {
    this.#bytes -= this.#pages.get(folder)?.bytes ?? 0
    this.#pages.delete(folder)
  }

  #shrink(): void {
    const [most, bytes] = [LIMITS.memoryPages.value, LIMITS.memoryPageBytes.value]
    for (const folder of this.#pages.keys()) {
      if (this.#pages.size <= most && this.#bytes <= bytes) return
      this.#drop(folder)
    }
  }
}

/** Whether `key` would be the last of the page, and so is not on the disk when it is not in it. */
function isBehind({ records, whole }: Page, key: string): boolean {
  const last = records.at(-1)
  return last === undefined ? whole : compareKeys(key, last.key) > 0
}

/** Readers see it for as long as nobody writes its key. */
function stays({ deleted, expires }: MemoryRecord): boolean {
  return !deleted && expires === undefined
}

/** All that `key` lies in: up to each of its slashes. */
function* foldersOf(key: string): Generator<string> {
  for (let at = key.indexOf('/'); at !== -1; at = key.indexOf('/', at + 1)) {
    yield key.slice(0, at + 1)
  }
}

function sizeOf(records: readonly PageRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
}
