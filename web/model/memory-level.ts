/** One level of a space as one browses it: keys and, for what lies deeper, folders; kept true by what changes. */
import type { MemoryEvent } from '../../client/memory-api.ts'
import type { Fact } from '../../core/memory.ts'

export interface LevelRow {
  /** Behind the prefix of the level; a folder ends with `/`. */
  readonly name: string
  /** Undefined for a folder. */
  readonly fact?: Fact
  /** How often it has changed while somebody looked: another number is another flash. */
  readonly changes: number
}

export interface Level {
  readonly prefix: string
  /** By name; in the order of the keys. */
  readonly rows: readonly LevelRow[]
  /** Where the next page begins; undefined when everything was read. */
  readonly after: string | undefined
}

/** Sorts behind every key that begins with the same folder: no key holds it. */
const BEHIND_ALL = '\u{10FFFF}'

export function emptyLevel(prefix: string): Level {
  return { prefix, rows: [], after: '' }
}

/** A page of facts, read with `after` of the level. What lies in a folder is skipped by the next page. */
export function withPage(level: Level, facts: readonly Fact[], isLast: boolean): Level {
  const rows = new Map(level.rows.map((row) => [row.name, row]))
  for (const fact of facts) put(rows, rowOf(level.prefix, fact))
  const last = facts.at(-1)?.key ?? ''
  const name = nameIn(level.prefix, last)
  const after = name.endsWith('/') ? `${level.prefix}${name}${BEHIND_ALL}` : last
  return { ...level, rows: inOrder(rows), after: isLast ? undefined : after }
}

/** What lies behind the pages that were read is found there when they are. */
export function withChanges(level: Level, events: readonly MemoryEvent[]): Level {
  const { prefix, after } = level
  const rows = new Map(level.rows.map((row) => [row.name, row]))
  for (const event of events) {
    if (event.type !== 'put' && event.type !== 'delete') continue
    const { key } = event
    if (!key.startsWith(prefix) || (after !== undefined && compare(key, after) > 0)) continue
    const name = nameIn(prefix, key)
    const changes = (rows.get(name)?.changes ?? 0) + 1
    if (event.type === 'put') put(rows, { ...rowOf(prefix, event), changes })
    // A folder may hold others yet.
    else if (!name.endsWith('/')) rows.delete(name)
  }
  return { ...level, rows: inOrder(rows) }
}

/** The first part of what stands behind the prefix. */
function nameIn(prefix: string, key: string): string {
  const rest = key.slice(prefix.length)
  const slash = rest.indexOf('/')
  return slash < 0 ? rest : rest.slice(0, slash + 1)
}

function rowOf(prefix: string, fact: Fact): LevelRow {
  const name = nameIn(prefix, fact.key)
  if (name.endsWith('/')) return { name, changes: 0 }
  const { key, value, writer, hlc, expiresAt } = fact
  return {
    name,
    fact: { key, value, writer, hlc, ...(expiresAt !== undefined && { expiresAt }) },
    changes: 0
  }
}

function put(rows: Map<string, LevelRow>, row: LevelRow): void {
  const before = rows.get(row.name)
  rows.set(row.name, { ...row, changes: Math.max(row.changes, before?.changes ?? 0) })
}

function inOrder(rows: ReadonlyMap<string, LevelRow>): readonly LevelRow[] {
  return [...rows.values()].toSorted((one, other) => compare(one.name, other.name))
}

/** As the node has keys: by code points, which is the order of their UTF-8 bytes. */
function compare(one: string, other: string): number {
  const a = Array.from(one)
  const b = Array.from(other)
  for (let place = 0; place < Math.min(a.length, b.length); place += 1) {
    const difference = (a[place]?.codePointAt(0) ?? 0) - (b[place]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
