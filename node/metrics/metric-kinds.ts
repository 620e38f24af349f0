/** The kinds of metrics that there are, and the buckets of those that are distributions. */
import type { HistogramSpec, MetricKind, MetricSpec } from '../../core/metrics.ts'

export interface CataloguedMetric extends MetricSpec {
  readonly kind: MetricKind
}

/** Seconds: from a local call to a task of minutes. */
export const TASK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
/** Seconds: from a call within one host to one that waits for a slow peer. */
export const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30]

type Labels = readonly string[]

/** `labels`: those with a star have values that others choose. */
export function counter(name: string, labels: Labels, help: string): CataloguedMetric {
  return { kind: 'counter', name, help, ...labelsOf(labels) }
}

export function gauge(name: string, labels: Labels, help: string): CataloguedMetric {
  return { kind: 'gauge', name, help, ...labelsOf(labels) }
}

export function histogram(
  name: string,
  labels: Labels,
  { buckets, help }: Pick<HistogramSpec, 'buckets' | 'help'>
): CataloguedMetric & HistogramSpec {
  return { kind: 'histogram', name, help, buckets, ...labelsOf(labels) }
}

function labelsOf(labels: Labels): Pick<MetricSpec, 'labels' | 'open'> {
  const names = labels.map((label) => label.replace('*', ''))
  return { labels: names, open: names.filter((_, at) => labels[at]?.endsWith('*') === true) }
}
