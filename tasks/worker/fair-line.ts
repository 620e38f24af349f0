/**
 * Who waits for an agent, and whose turn it is: callers take turns, and the urgent have more of them.
 *
 * Self-clocked fair queueing (Golestani, INFOCOM 1994): each caller has a line for each priority, each
 * line a tag, at which its first task would be over if all lines were served at once, each by its
 * weight. The line with the least tag has its turn. None starves: between two turns of a line the
 * others have at most as many as their weights say, however many tasks they bring.
 */
import type { PeerIdText } from '../../core/ids.ts'
import type { Priority } from '../../core/priority.ts'

/** Turns of a line. Powers of two, so that sums of their inverses are exact. */
const WEIGHTS: Readonly<Record<Priority, number>> = { interactive: 8, normal: 4, batch: 1 }

/** Whose task it is. */
export interface LineKey {
  readonly caller: PeerIdText
  readonly priority: Priority
}

export interface FairLine {
  readonly isEmpty: boolean
  join(key: LineKey, start: () => void): void
  withdraw(key: LineKey, start: () => void): void
  /** The next one leaves the line; `undefined` when nobody waits. */
  next(): (() => void) | undefined
  /** Tasks that come first if one more of `key` joins now; it counts, too. */
  turnsBefore(key: LineKey): number
}

interface Line {
  readonly waiting: (() => void)[]
  readonly weight: number
  tag: number
}

export function createFairLine(): FairLine {
  const lines = new Map<string, Line>()
  /** The tag of the last turn: who comes anew begins there, and gains nothing by having been away. */
  let served = 0

  return {
    get isEmpty() {
      return lines.size === 0
    },
    join(key, start) {
      const name = nameOf(key)
      const weight = WEIGHTS[key.priority]
      const line = lines.get(name)
      if (line === undefined)
        lines.set(name, { waiting: [start], weight, tag: served + 1 / weight })
      else line.waiting.push(start)
    },
    withdraw(key, start) {
      const name = nameOf(key)
      const { waiting = [] } = lines.get(name) ?? {}
      const place = waiting.indexOf(start)
      if (place !== -1) waiting.splice(place, 1)
      if (waiting.length === 0) lines.delete(name)
    },
    next() {
      const [name, line] = leastOf(lines)
      if (line === undefined) return undefined
      const start = line.waiting.shift()
      served = line.tag
      line.tag += 1 / line.weight
      // To the end: of equal tags it is another one's turn.
      lines.delete(name)
      if (line.waiting.length > 0) lines.set(name, line)
      return start
    },
    turnsBefore(key) {
      const weight = WEIGHTS[key.priority]
      const own = lines.get(nameOf(key))
      const tag =
        own === undefined ? served + 1 / weight : own.tag + own.waiting.length / own.weight
      let turns = 1
      for (const line of lines.values()) {
        if (line.tag > tag) continue
        turns += Math.min(line.waiting.length, Math.floor((tag - line.tag) * line.weight) + 1)
      }
      return turns
    }
  }
}

function nameOf({ caller, priority }: LineKey): string {
  return `${priority} ${caller}`
}

function leastOf(lines: ReadonlyMap<string, Line>): [string, Line | undefined] {
  let least: [string, Line | undefined] = ['', undefined]
  for (const entry of lines) {
    if (least[1] === undefined || entry[1].tag < least[1].tag) least = entry
  }
  return least
}
