/** The page behind `?`. */
import type { Style } from '../style.ts'
import { padEnd } from '../width.ts'
import { clip } from './line.ts'

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['tab, 1-5', 'next pane, or this one; also p t a g l'],
  ['↑ ↓ j k', 'move; PgUp PgDn Home End'],
  ['enter', 'all about this row; esc leaves it'],
  ['/', 'filter: words that are there, !words that are not'],
  ['o', 'sort by the next column; in Logs: the next level'],
  ['O, r', 'sort the other way round'],
  ['space', 'pause, and go on'],
  ['+ -', 'look less, or more often'],
  ['q', 'leave; also Ctrl-C'],
  ['', ''],
  ['RUN QUE', 'tasks of this node that the peer works on, or that wait'],
  ['DONE/m', 'tasks of this node that it ended in the last minute'],
  ['SERVES', 'tasks of the peer that this node works on'],
  ['p50 p95', 'of tasks asked here in the last minute, else of those done here'],
  ['err', 'of those that ended, the share that failed'],
  ['lag', 'how late the event loop of the node is']
]

const LABEL = 9

/** Lines of at most `columns`. */
export function helpLines({
  columns,
  style
}: {
  readonly columns: number
  readonly style: Style
}): string[] {
  const room = columns - LABEL - 1
  return KEYS.map(([keys, meaning]) => {
    if (room < 8) return clip(keys, columns)
    return keys === '' ? '' : `${style.accent(padEnd(keys, LABEL))} ${clip(meaning, room)}`
  })
}
