/** Writes what the suite saw into docs/security.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import type { Attack } from './attack.ts'
import type { Feeling } from './probe.ts'

export interface Measured {
  readonly attack: Pick<Attack, 'name' | 'threats' | 'expected'>
  readonly met: string
  /** `undefined` for attackers without an identity. */
  readonly named: boolean | undefined
  /** 95th percentile of an honest peer's tasks, milliseconds: the attack is on another victim, or on its own. */
  readonly decoyMs: number | undefined
  readonly attackedMs: number
  /** Calm, and under attack. */
  readonly felt: Feeling
  readonly worst: Feeling
}

export interface Suite {
  readonly rows: readonly Measured[]
  /** 95th percentile of an honest peer's tasks before all attacks: that of few tasks is chance. */
  readonly calmMs: number
}

const BEGIN = '<!-- generated: EVIL_REPORT=1 vitest run --project long test/evil -->'
const END = '<!-- end of hostile peers -->'
const MIB = 1024 * 1024

/** Issue 7: 95th percentile of honest tasks at most twice the calm one, 64 MiB, 100 ms. */
const BARS = { honestFactor: 2, grownMiB: 64, gapMs: 100 }

function beyondBars(row: Measured, calmMs: number): string {
  const { honestFactor, grownMiB, gapMs } = BARS
  const beyond = {
    p95: row.attackedMs > honestFactor * calmMs,
    RSS: grownBy(row) > grownMiB,
    gap: row.worst.gapMs > gapMs
  }
  return Object.entries(beyond)
    .flatMap(([bar, isBeyond]) => (isBeyond ? [bar] : []))
    .join(', ')
}

function grownBy({ felt, worst }: Measured): number {
  return Math.max(0, Math.round((worst.rssBytes - felt.rssBytes) / MIB))
}

/** What the figures were measured on: with other work beside them they say little. */
function circumstances(): string {
  const [{ model } = { model: 'unknown processor' }] = cpus()
  const load = loadavg()[0]?.toFixed(1)
  return `Measured on ${availableParallelism()} cores (${model.trim()}), Node ${process.versions.node}; load average ${load} at the end.`
}

export function evilTable({ rows, calmMs }: Suite): string {
  const lines = rows.map((row) => {
    const { attack, met, named, felt, worst, decoyMs, attackedMs } = row
    const cells = [
      attack.name,
      attack.threats.join(', '),
      attack.expected,
      met,
      decoyMs === undefined ? '' : Math.round(decoyMs),
      Math.round(attackedMs),
      `+${grownBy(row)}`,
      `${Math.round(felt.gapMs)} → ${Math.round(worst.gapMs)}`,
      named === undefined ? '' : 'yes',
      beyondBars(row, calmMs)
    ]
    return `| ${cells.join(' | ')} |`
  })
  const within = rows.filter((row) => beyondBars(row, calmMs) === '').length
  return [
    'The first column of milliseconds is the control: the same attack on another node of the same machine.',
    'What is beyond the bar there as well, the machine adds: attackers, victim and honest peer share its cores.',
    `Calm, the 95th percentile of the honest peer's tasks is ${calmMs.toFixed(1)} ms. ${within} of ${rows.length} attacks stay within all bars.`,
    '',
    '| attack | threats | what the node does | what came of it | honest p95 ms, another is attacked | honest p95 ms, attacked | RSS MiB | longest gap ms | named | beyond the bars |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines
  ].join('\n')
}

export async function writeEvilTable(path: string, suite: Suite): Promise<void> {
  const document = await readFile(path, 'utf8')
  const [start, end] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`no "${BEGIN}" … "${END}" in ${path}`)
  const head = document.slice(0, start + BEGIN.length)
  const text = `${circumstances()}\n\n${evilTable(suite)}`
  await writeFile(path, `${head}\n${text}\n${document.slice(end)}`)
}
