/** The lines of the log that the page holds: a bounded number, each once, found by text. */
import type { LogLine } from '../../client/api.ts'

export interface KeptLine {
  /** Counts the lines that came, from 0: tells one from another that says the same. */
  readonly seq: number
  readonly line: LogLine
  /** Its fields, in one line. */
  readonly fields: string
  /** What text is looked for in, in lower case. */
  readonly haystack: string
}

export interface LogBook {
  readonly lines: readonly KeptLine[]
  /** How many were let go because others came. */
  readonly dropped: number
  readonly next: number
}

/** More than anybody reads, about 5 MB; the log file has all. */
export const MOST_LINES = 5000

export const EMPTY_BOOK: LogBook = { lines: [], dropped: 0, next: 0 }

/** @param most how many are kept, the newest */
export function withLines(
  book: LogBook,
  added: readonly LogLine[],
  most: number = MOST_LINES
): LogBook {
  const newest = added.slice(-most)
  const first = book.next + added.length - newest.length
  const kept = newest.map((line, place) => keep(line, first + place))
  const lines = [...book.lines, ...kept].slice(-most)
  const next = book.next + added.length
  return { lines, next, dropped: next - lines.length }
}

function keep(line: LogLine, seq: number): KeptLine {
  const fields = Object.entries(line.fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  const haystack = `${line.level} ${line.component} ${line.message} ${fields}`.toLowerCase()
  return { seq, line, fields, haystack }
}

/** Lines that hold all of the words. */
export function linesWith(lines: readonly KeptLine[], text: string): readonly KeptLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return lines
  return lines.filter(({ haystack }) => words.every((word) => haystack.includes(word)))
}

/** As the node writes them to its file: one JSON document a line. */
export function ndjsonOf(lines: readonly KeptLine[]): string {
  return lines.map(({ line }) => `${JSON.stringify(line)}\n`).join('')
}
