/** Writes metrics as Prometheus reads them: its text format, version 0.0.4. */
import type { Distribution, MetricSpec } from '../../core/metrics.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface Sample {
  /** In the order of the labels of the metric. */
  readonly labels: readonly string[]
  readonly value: number | Distribution
}

export interface Exposed {
  readonly spec: Pick<MetricSpec, 'name' | 'help' | 'labels'>
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'untyped'
  readonly samples: Iterable<Sample>
}

/** A metric without samples is left out. */
export function writeMetrics(metrics: Iterable<Exposed>): string {
  const lines: string[] = []
  for (const metric of metrics) writeMetric(lines, metric)
  return `${lines.join('\n')}\n`
}

function writeMetric(lines: string[], { spec, kind, samples }: Exposed): void {
  const { name, help, labels: names } = spec
  let isFirst = true
  for (const { labels, value } of samples) {
    if (isFirst) lines.push(`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${kind}`)
    isFirst = false
    const pairs = names.map((label, at) => `${label}="${escapedValue(labels[at] ?? '')}"`)
    if (typeof value === 'number') lines.push(`${name}${inBraces(pairs)} ${numberText(value)}`)
    else writeDistribution(lines, { name, pairs, value })
  }
}

interface DistributionText {
  readonly name: string
  readonly pairs: readonly string[]
  readonly value: Distribution
}

function writeDistribution(lines: string[], { name, pairs, value }: DistributionText): void {
  const { bounds, counts, sum } = value
  let below = 0
  for (const [at, count] of counts.entries()) {
    below += count
    const bound = at < bounds.length ? String(bounds[at]) : '+Inf'
    lines.push(`${name}_bucket${inBraces([...pairs, `le="${bound}"`])} ${below}`)
  }
  lines.push(`${name}_sum${inBraces(pairs)} ${numberText(sum)}`)
  lines.push(`${name}_count${inBraces(pairs)} ${below}`)
}

function inBraces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** Names of agents come from peers: a quote or a line break must not become a sample of its own. */
function escapedValue(text: string): string {
  return /["\\\n\r]/.test(text)
    ? text
        .replaceAll('\\', '\\\\')
        .replaceAll('"', '\\"')
        .replaceAll('\n', '\\n')
        .replaceAll('\r', ' ')
    : text
}
