/** Tells equal answers from different ones, and whether enough of them are equal. */
import canonicalize from 'canonicalize'
import type { Part } from '../../core/a2a.ts'
import type { Json, JsonObject } from '../../core/json.ts'

/**
 * Two answers are the same when this is: texts are joined, in Unicode form C, any run of white
 * space is one space and none is at the ends; data is canonical JSON (RFC 8785), so that the order
 * of members does not count; files are their bytes, links their address. Case and punctuation
 * count: what they mean is not known here. File names and media types do not.
 */
export function canonicalContent(parts: readonly Part[]): string {
  const said = parts.map((part) => part.text ?? '').join('')
  const text = said.normalize('NFC').replace(/\s+/gu, ' ').trim()
  const rest = parts.flatMap(({ data, raw, url }): readonly JsonObject[] => {
    if (data !== undefined) return [{ data }]
    if (raw !== undefined) return [{ raw: Buffer.from(raw, 'base64').toString('base64') }]
    return url === undefined ? [] : [{ url }]
  })
  return canonical([text, ...rest])
}

/** What canonical JSON cannot hold, such as half a surrogate pair, a peer may send all the same. */
function canonical(content: readonly Json[]): string {
  try {
    return canonicalize(content) ?? ''
  } catch {
    return JSON.stringify(content)
  }
}

export interface Tally {
  /** Equal answers have equal numbers, from 1 in the order they came; in the order of the answers. */
  readonly numbers: readonly number[]
  /** How many gave an answer, by its number less 1. */
  readonly votes: readonly number[]
  /** The number of the one that most gave; of several such the one that came first. 0 without answers. */
  readonly leader: number
}

/** @param contents canonical, in the order they came */
export function tally(contents: readonly string[]): Tally {
  const known = [...new Set(contents)]
  const numbers = contents.map((content) => known.indexOf(content) + 1)
  const votes = known.map((_, index) => numbers.filter((number) => number === index + 1).length)
  return { numbers, votes, leader: votes.indexOf(Math.max(...votes)) + 1 }
}

/** More than half of those who were asked: whoever fails agrees with nobody. */
export function votesNeeded(asked: number): number {
  return Math.floor(asked / 2) + 1
}

/** Whether the answers still to come can change what is decided. */
export function standing(
  { votes }: Pick<Tally, 'votes'>,
  { asked, pending }: { readonly asked: number; readonly pending: number }
): 'decided' | 'open' | 'lost' {
  const most = Math.max(0, ...votes)
  const needed = votesNeeded(asked)
  // One that agrees with itself proves nothing.
  if (asked < 2) return 'lost'
  if (most >= needed) return 'decided'
  return most + pending >= needed ? 'open' : 'lost'
}
