/** Writes what the suite saw into docs/security.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
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

/** Issue 7: 95th percentile of honest tasks at most twice the calm one, 64 MiB, 100 ms. */
const BARS = { honestFactor: 2, grownMiB: 64, gapMs: 100 }

function beyondBars(row: Pick<Measured, 'calmMs' | 'attackedMs' | 'felt' | 'worst'>): string {
  const { honestFactor, grownMiB, gapMs } = BARS
  const beyond = {
    p95: row.attackedMs > honestFactor * row.calmMs,
    RSS: grownBy(row) > grownMiB,
    gap: row.worst.gapMs > gapMs
  }
  return Object.entries(beyond)
    .flatMap(([bar, isBeyond]) => (isBeyond ? [bar] : []))
    .join(', ')
}

function grownBy({ felt, worst }: Pick<Measured, 'felt' | 'worst'>): number {
  return Math.max(0, Math.round((worst.rssBytes - felt.rssBytes) / MIB))
}

/** What the figures were measured on: with other work beside them they say little. */
function circumstances(): string {
  const [{ model } = { model: 'unknown processor' }] = cpus()
  const load = loadavg()[0]?.toFixed(1)
  return `Measured on ${availableParallelism()} cores (${model.trim()}), Node ${process.versions.node}; load average ${load} at the end.`
}

export function evilTable(rows: readonly Measured[]): string {
  const lines = rows.map(({ name, threats, expected, met, named, ...row }) => {
    const cells = [
      name,
      threats.join(', '),
      expected,
      met,
      `${Math.round(row.calmMs)} → ${Math.round(row.attackedMs)}`,
      `+${grownBy(row)}`,
      `${Math.round(row.felt.gapMs)} → ${Math.round(row.worst.gapMs)}`,
      named === undefined ? '' : 'yes',
      beyondBars(row)
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '| attack | threats | what the node does | what came of it | honest p95 ms, calm → attacked | RSS MiB | longest gap ms | named | beyond the bars |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines
  ].join('\n')
}

export async function writeEvilTable(path: string, rows: readonly Measured[]): Promise<void> {
  const document = await readFile(path, 'utf8')
  const [start, end] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`no "${BEGIN}" … "${END}" in ${path}`)
  const head = document.slice(0, start + BEGIN.length)
  const text = `${circumstances()}\n\n${evilTable(rows)}`
  await writeFile(path, `${head}\n${text}\n${document.slice(end)}`)
}
