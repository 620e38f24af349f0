/** A log that only grows, in which every line names the one before it by its hash: what is changed later shows. */
import { hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, readdir, readFile, rename, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json, JsonObject } from '../core/json.ts'
import { isJsonObject } from '../core/json.ts'
import { isErrno, syncDirectory } from './atomic-file.ts'
import { ensurePrivateDirectory } from './private-directory.ts'

export interface ChainedLogInit {
  /** Of its own; made when it is not there. */
  readonly directory: string
  /** Of one file; then the next one begins. */
  readonly fileBytes: number
  /** Files that are kept; the oldest go first. */
  readonly files: number
}

export interface ChainedEntry {
  /** Counts from 1, without gaps, across files. */
  readonly number: number
  readonly content: JsonObject
}

export interface ChainReport {
  readonly entries: number
  /** Number of the first entry that is still kept; 0 when there is none. */
  readonly first: number
  /** Hash of the last line: whoever noted it can tell later whether the end was cut off. */
  readonly head: string
  /** The first place where the chain is broken. */
  readonly broken?: { readonly file: string; readonly line: number; readonly reason: string }
}

export interface ChainedLog {
  /** Without members `n` and `prev`. Resolves when it is on disk (fsync). What is appended at the same time is written together. */
  append(content: JsonObject): Promise<void>
  /** Those after number `after`, oldest first; what cannot be read is left out: `verify` tells of it. */
  read(after?: number): AsyncIterable<ChainedEntry>
  verify(): Promise<ChainReport>
  /** Resolves when everything is written. */
  close(): Promise<void>
}

const CURRENT = 'current.jsonl'
const CLOSED = /^(\d{12})\.jsonl$/
/** What the first line of all names. */
const GENESIS = '0'.repeat(64)

interface Line {
  readonly number: number
  readonly prev: string
  readonly content: JsonObject
}

/**
 * Opens the log where it was left. A last line that was cut off by a loss of power is taken away:
 * nobody was told that it is there.
 */
export async function openChainedLog(init: ChainedLogInit): Promise<ChainedLog> {
  await ensurePrivateDirectory(init.directory)
  const log = new FileLog(init)
  await log.open()
  return log
}

class FileLog implements ChainedLog {
  readonly #init: ChainedLogInit
  #file: FileHandle | undefined
  #bytes = 0
  #number = 0
  #firstOfFile = 1
  #head = GENESIS
  #waiting: JsonObject[] = []
  /** Of what waits. */
  #next: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(init: ChainedLogInit) {
    this.#init = init
  }

  async open(): Promise<void> {
    const names = await this.#names()
    const last = names.at(-1)
    if (last !== undefined) await this.#takeUp(last, names.length > 1 ? names.at(-2) : undefined)
    this.#file = await open(this.#path(CURRENT), 'a', 0o600)
    await syncDirectory(this.#init.directory)
  }

  append(content: JsonObject): Promise<void> {
    this.#waiting.push(content)
    this.#next ??= this.#writing.then(() => this.#flush())
    const written = this.#next
    this.#writing = written.catch(() => undefined)
    return written
  }

  async *read(after = 0): AsyncIterable<ChainedEntry> {
    const names = await this.#names()
    for (const [index, name] of names.entries()) {
      const next = names[index + 1]
      if (next !== undefined && this.#firstOf(next) <= after + 1) continue
      // oxlint-disable-next-line no-await-in-loop -- one file in memory at a time
      for (const text of splitLines(await this.#textOf(name))) {
        const line = parseLine(text)
        if (line !== undefined && line.number > after) {
          yield { number: line.number, content: line.content }
        }
      }
    }
  }

  /** Empty for a file that was renamed or deleted since it was listed: whoever follows reads again. */
  async #textOf(name: string): Promise<string> {
    try {
      return await readFile(this.#path(name), 'utf8')
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return ''
      throw error
    }
  }

  /** Number of the first entry of a file. */
  #firstOf(name: string): number {
    return name === CURRENT ? this.#firstOfFile : Number(CLOSED.exec(name)?.[1])
  }

  async verify(): Promise<ChainReport> {
    await this.#writing
    let entries = 0
    let first = 0
    let head: string | undefined
    let number = 0
    for (const file of await this.#names()) {
      // oxlint-disable-next-line no-await-in-loop -- one file in memory at a time
      const texts = splitLines(await readFile(this.#path(file), 'utf8'))
      for (const [index, text] of texts.entries()) {
        const line = parseLine(text)
        const reason = flawOf(line, { head, number })
        if (line === undefined || reason !== undefined) {
          const broken = { file, line: index + 1, reason: reason ?? 'it cannot be read' }
          return { entries, first, head: head ?? GENESIS, broken }
        }
        if (first === 0) first = line.number
        entries += 1
        number = line.number
        head = hashOf(text)
      }
    }
    if (head !== undefined && head !== this.#head) {
      const broken = { file: CURRENT, line: entries, reason: 'its end is missing' }
      return { entries, first, head, broken }
    }
    return { entries, first, head: head ?? GENESIS }
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file?.close()
    this.#file = undefined
  }

  async #flush(): Promise<void> {
    const contents = this.#waiting
    this.#waiting = []
    this.#next = undefined
    const file = this.#file
    if (file === undefined) throw new TypeError('the log is closed')
    let [head, number, text] = [this.#head, this.#number, '']
    for (const content of contents) {
      number += 1
      const line = JSON.stringify({ n: number, prev: head, ...content })
      head = hashOf(line)
      text += `${line}\n`
    }
    try {
      await file.appendFile(text)
      await file.sync()
    } catch (error) {
      // What was written in part must not stand before what is written next.
      await file.truncate(this.#bytes).catch(() => undefined)
      throw error
    }
    this.#bytes += Buffer.byteLength(text)
    this.#head = head
    this.#number = number
    if (this.#bytes >= this.#init.fileBytes) await this.#turnOver()
  }

  /** The file gets the number of its first entry as its name, and a new one begins. */
  async #turnOver(): Promise<void> {
    await this.#file?.close()
    const name = `${String(this.#firstOfFile).padStart(12, '0')}.jsonl`
    await rename(this.#path(CURRENT), this.#path(name))
    this.#file = await open(this.#path(CURRENT), 'a', 0o600)
    this.#bytes = 0
    this.#firstOfFile = this.#number + 1
    const closed = (await this.#names()).filter((each) => each !== CURRENT)
    const old = closed.slice(0, Math.max(0, closed.length - this.#init.files + 1))
    await Promise.all(old.map((each) => unlink(this.#path(each))))
    await syncDirectory(this.#init.directory)
  }

  /** @param before the file before it, for when the last one is empty */
  async #takeUp(last: string, before: string | undefined): Promise<void> {
    const path = this.#path(last)
    const text = await readFile(path, 'utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
    if (last === CURRENT) this.#bytes = Buffer.byteLength(whole)
    const lines = splitLines(whole)
    const end = lines.at(-1)
    if (end === undefined) {
      if (before !== undefined) await this.#takeUp(before, undefined)
      this.#firstOfFile = this.#number + 1
      return
    }
    this.#head = hashOf(end)
    this.#number = parseLine(end)?.number ?? lines.length
    this.#firstOfFile = parseLine(lines[0] ?? '')?.number ?? this.#number + 1
  }

  /** Oldest first. */
  async #names(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#init.directory)
      const closed = names.filter((name) => CLOSED.test(name)).toSorted()
      return names.includes(CURRENT) ? [...closed, CURRENT] : closed
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return []
      throw error
    }
  }

  #path(name: string): string {
    return join(this.#init.directory, name)
  }
}

function flawOf(
  line: Line | undefined,
  { head, number }: { readonly head: string | undefined; readonly number: number }
): string | undefined {
  if (line === undefined) return 'it cannot be read'
  if (head === undefined) return line.number === 1 && line.prev !== GENESIS ? 'prev' : undefined
  if (line.prev !== head) return 'the line before it was changed'
  return line.number === number + 1 ? undefined : 'lines are missing before it'
}

function parseLine(text: string): Line | undefined {
  let value: Json
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  const { n: number, prev, ...content } = value
  if (typeof number !== 'number' || typeof prev !== 'string') return undefined
  return { number, prev, content }
}

function splitLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

function hashOf(text: string): string {
  return hash('sha256', text)
}
