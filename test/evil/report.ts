/** Writes what the suite saw into docs/security.md. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Feeling } from './probe.ts'

export interface Measured {
  readonly name: string
  readonly threats: readonly number[]
  readonly expected: string
  readonly met: string
  /** `undefined` for attackers without an identity. */
  readonly named: boolean | undefined
  /** 95th percentile of an honest peer's tasks, milliseconds. */
  readonly calmMs: number
  readonly attackedMs: number
  readonly felt: Feeling
  /** The worst of both. */
  readonly worst: Feeling
}

const BEGIN = '<!-- generated: EVIL_REPORT=1 vitest run --project long test/evil -->'
const END = '<!-- end of hostile peers -->'
const MIB = 1024 * 1024

export function evilTable(rows: readonly Measured[]): string {
  const lines = rows.map(({ name, threats, expected, met, named, ...row }) => {
    const grown = Math.max(0, Math.round((row.worst.rssBytes - row.felt.rssBytes) / MIB))
    const cells = [
      name,
      threats.join(', '),
      expected,
      met,
      `${Math.round(row.calmMs)} → ${Math.round(row.attackedMs)}`,
      `+${grown}`,
      `${Math.round(row.felt.gapMs)} → ${Math.round(row.worst.gapMs)}`,
      named === undefined ? '' : 'yes'
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '| attack | threats | what the node does | what came of it | honest p95 ms, calm → attacked | RSS MiB | longest gap ms | named |',
    '|---|---|---|---|---|---|---|---|',
    ...lines
  ].join('\n')
}

export async function writeEvilTable(path: string, rows: readonly Measured[]): Promise<void> {
  const document = await readFile(path, 'utf8')
  const [start, end] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`no "${BEGIN}" … "${END}" in ${path}`)
  const head = document.slice(0, start + BEGIN.length)
  await writeFile(path, `${head}\n${evilTable(rows)}\n${document.slice(end)}`)
}
