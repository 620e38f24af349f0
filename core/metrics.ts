/** Counts and durations of a node, cheap enough to be taken always: read only when somebody asks. */
import { LIMITS } from './limits.ts'

export type MetricKind = 'counter' | 'gauge' | 'histogram'

/** What a metric is; the same for every node. */
export interface MetricSpec<L extends string = string> {
  /** As Prometheus wants it: `lumos_<area>_<what>_<unit>`, counters with `_total`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly L[]
  /**
   * Those of the labels whose values others choose, or whose number is not known: beyond
   * LIMITS.metricSeries they are `other`.
   */
  readonly open?: readonly L[]
}

export interface HistogramSpec<L extends string = string> extends MetricSpec<L> {
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[]
}

/** One series of a counter: add to `value`. */
export interface Count {
  value: number
}

/** Values in the order of the labels of their family. */
export interface Series<T> {
  readonly labels: readonly string[]
  readonly cell: T
}

/** Series by label values. */
export interface Family<T> {
  readonly spec: MetricSpec
  of(...labels: readonly string[]): T
  all(): Iterable<Series<T>>
}

/** What nobody may have named: its series has the values that did not fit. */
export const OTHER = 'other'
/** Longer names are cut. */
const LABEL_CHARACTERS = 64

type Branch<T> = Map<string, Branch<T> | Series<T>>

class SeriesFamily<T> implements Family<T> {
  readonly spec: MetricSpec
  readonly #make: () => T
  readonly #open: readonly boolean[]
  readonly #root: Branch<T> = new Map()
  readonly #all: Series<T>[] = []

  constructor(spec: MetricSpec, make: () => T) {
    this.spec = spec
    this.#make = make
    this.#open = spec.labels.map((label) => spec.open?.includes(label) ?? false)
  }

  of(...labels: readonly string[]): T {
    const found = this.#find(labels)
    return (found ?? this.#add(labels)).cell
  }

  all(): Iterable<Series<T>> {
    return this.#all
  }

  /** A step for each label: a key made of all of them would be garbage on every count. */
  #find(labels: readonly string[]): Series<T> | undefined {
    let place: Branch<T> | Series<T> | undefined = this.#root
    for (const step of stepsOf(labels)) {
      if (!(place instanceof Map)) return undefined
      place = place.get(step)
    }
    return place instanceof Map ? undefined : place
  }

  #add(given: readonly string[]): Series<T> {
    const cut = given.map((value, at) =>
      this.#open[at] === true ? value.slice(0, LABEL_CHARACTERS) : value
    )
    const known = this.#find(cut)
    if (known !== undefined) return known
    const isFull = this.#all.length >= LIMITS.metricSeries.value
    const labels = isFull ? cut.map((value, at) => (this.#open[at] === true ? OTHER : value)) : cut
    const other = isFull ? this.#find(labels) : undefined
    if (other !== undefined) return other
    const series = { labels, cell: this.#make() }
    this.#all.push(series)
    this.#keep(series)
    return series
  }

  #keep(series: Series<T>): void {
    const steps = stepsOf(series.labels)
    let branch = this.#root
    for (const step of steps.slice(0, -1)) {
      const next = branch.get(step)
      const inner: Branch<T> = next instanceof Map ? next : new Map()
      branch.set(step, inner)
      branch = inner
    }
    branch.set(steps.at(-1) ?? '', series)
  }
}

const NO_LABEL = ['']

function stepsOf(labels: readonly string[]): readonly string[] {
  return labels.length === 0 ? NO_LABEL : labels
}

/** One series of a histogram. */
export class Distribution {
  readonly bounds: readonly number[]
  /** By bucket, not cumulative; the last one has what is beyond all bounds. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds } = this
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= (bounds[middle] ?? Infinity)) high = middle
      else low = middle + 1
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1
    this.sum += value
  }
}

export type CounterFamily = Family<Count>
export type HistogramFamily = Family<Distribution>

/** With `first`, its one label has these values from the start: a rate is known when the first one happens. */
export function createCounter(spec: MetricSpec, first: readonly string[] = []): CounterFamily {
  const family = new SeriesFamily<Count>(spec, () => ({ value: 0 }))
  for (const value of first) family.of(value)
  return family
}

export function createHistogram(spec: HistogramSpec): HistogramFamily {
  return new SeriesFamily(spec, () => new Distribution(spec.buckets))
}
