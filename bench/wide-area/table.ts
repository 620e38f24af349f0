/** The rows as Markdown, for docs/benchmarks.md. */
import type { Row } from './row.ts'

const HEAD = [
  'condition',
  'all found, s',
  'tasks, p50 / p95 ms',
  'stream of 2,000: first piece, all',
  'cancel, ms',
  'memory, ms',
  'mended, s',
  'killed / stopped gone, s',
  'promises'
]

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { delegation, stream } = row
    return [
      row.condition,
      seconds(row.discoveryMs),
      `${delegation.completed} of ${delegation.asked}, ${ms(delegation.p50)} / ${ms(delegation.p95)}`,
      `${stream.isWhole ? 'whole' : 'NOT WHOLE'}, ${ms(stream.firstPieceMs)} ms, ${seconds(stream.tookMs)} s${stream.resumed > 0 ? `, resumed ${stream.resumed} ×` : ''}`,
      ms(row.cancelMs),
      ms(row.memoryMs),
      row.mendedMs === undefined ? '–' : seconds(row.mendedMs),
      `${seconds(row.deathMs)} / ${seconds(row.farewellMs)}`,
      row.broken.length === 0 ? 'kept' : `broken: ${row.broken.join('; ')}`
    ]
  })
  return [HEAD, HEAD.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function ms(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)) : 'never'
}

function seconds(value: number): string {
  return Number.isFinite(value) ? (value / 1000).toFixed(1) : 'never'
}
