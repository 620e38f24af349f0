/** The pane of logs: what the node says, the newest last. */
import type { LogLine } from '../../client/api.ts'
import type { Style } from '../style.ts'
import type { NumberedLine } from './data.ts'
import { clockTime } from './figures.ts'
import type { Table } from './listing.ts'

const PAINT: Readonly<Partial<Record<LogLine['level'], keyof Style>>> = {
  trace: 'faint',
  debug: 'faint',
  warn: 'doubtful',
  error: 'bad',
  fatal: 'bad'
}

function paint(text: string, { level }: LogLine, style: Style): string {
  const name = PAINT[level]
  return name === undefined ? text : style[name](text)
}

function timeOf(iso: string): string {
  const moment = Date.parse(iso)
  return Number.isNaN(moment)
    ? ''
    : `${clockTime(moment)}.${String(moment % 1000).padStart(3, '0')}`
}

export function fieldsOf({ fields }: LogLine): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}

export const LOGS_TABLE: Table<NumberedLine> = {
  columns: [
    {
      title: 'TIME',
      width: 12,
      rank: 2,
      cell: ({ time }) => timeOf(time),
      paint: (text, _, style) => style.faint(text)
    },
    { title: 'LEVEL', width: 5, rank: 1, cell: ({ level }) => level, paint },
    {
      title: 'PART',
      width: 9,
      most: 16,
      rank: 3,
      cell: ({ component }) => component,
      paint: (text, _, style) => style.accent(text)
    },
    {
      title: 'MESSAGE',
      width: 12,
      most: 1000,
      rank: 0,
      cell: (line) => `${line.message} ${fieldsOf(line)}`,
      paint
    }
  ],
  key: ({ number }) => String(number),
  words: (line) => [line.level, line.component, line.message, fieldsOf(line)].join(' '),
  sort: { title: '', descending: false }
}
