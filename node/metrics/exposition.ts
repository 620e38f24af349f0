/** Writes metrics as Prometheus reads them: its text format, version 0.0.4. */
import type { Distribution, MetricSpec } from '../../core/metrics.ts'

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
    const pairs = pairsOf(names, labels)
    if (typeof value !== 'number') writeDistribution(lines, { name, pairs, value })
    else lines.push(`${name}${pairs === '' ? '' : `{${pairs}}`} ${numberText(value)}`)
  }
}

interface DistributionText {
  readonly name: string
  readonly pairs: string
  readonly value: Distribution
}

/** Most lines of a scrape are made here: what they have in common is put together once. */
function writeDistribution(lines: string[], { name, pairs, value }: DistributionText): void {
  const { bounds, counts, sum } = value
  const bucket = `${name}_bucket{${pairs === '' ? '' : `${pairs},`}le="`
  const all = pairs === '' ? '' : `{${pairs}}`
  let below = 0
  for (let at = 0; at < bounds.length; at += 1) {
    below += counts[at] ?? 0
    lines.push(`${bucket}${bounds[at]}"} ${below}`)
  }
  below += counts[bounds.length] ?? 0
  lines.push(`${bucket}+Inf"} ${below}`)
  lines.push(`${name}_sum${all} ${numberText(sum)}`, `${name}_count${all} ${below}`)
}

function pairsOf(names: readonly string[], labels: readonly string[]): string {
  let pairs = ''
  for (let at = 0; at < names.length; at += 1) {
    pairs += `${at === 0 ? '' : ','}${names[at]}="${escapedValue(labels[at] ?? '')}"`
  }
  return pairs
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
