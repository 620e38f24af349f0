/** Takes what libp2p tells those who measure it, in plain numbers: read when somebody asks, free until then. */
import type {
  CalculateMetric,
  CalculatedMetricOptions,
  Counter,
  CounterGroup,
  Histogram,
  HistogramGroup,
  Metric,
  MetricGroup,
  MetricOptions,
  Metrics,
  Summary
} from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'
import { OTHER } from '../../core/metrics.ts'
import type { Exposed } from './exposition.ts'

export interface Libp2pMetrics {
  /** For `createLibp2p`. */
  readonly factory: () => Metrics
  /** Of a counter or a group, what stands under `key`; 0 for what was never counted. */
  total(name: string, key?: string): number
  /** All of them, under the names that libp2p gives them. */
  expose(): Promise<readonly Exposed[]>
}

export interface Libp2pMetricsComponents {
  /** Monotonic milliseconds, for timers. */
  readonly monotonic: () => number
}

/** Of a metric without groups. */
const ALONE = ''

interface Instrument {
  readonly label: string | undefined
  readonly help: string
  readonly kind: Exposed['kind']
  readonly values: Map<string, number>
  calculate: CalculateMetric<number | Record<string, number>> | undefined
}

type Options = MetricOptions & Partial<CalculatedMetricOptions<number | Record<string, number>>>

export function createLibp2pMetrics(components: Libp2pMetricsComponents): Libp2pMetrics {
  const instruments = new Map<string, Instrument>()

  /** Asked for twice, it is the same: libp2p registers some at every start. */
  function register(name: string, kind: Exposed['kind'], options: Options = {}): Instrument {
    const { label, help = '', calculate } = options
    const known = instruments.get(name)
    const instrument = known ?? { label, help, kind, values: new Map(), calculate }
    instrument.calculate = calculate
    instruments.set(name, instrument)
    return instrument
  }

  const { monotonic } = components
  const single = (kind: Exposed['kind']) => (name: string, options?: Options) =>
    singleOf(register(name, kind, options), monotonic)
  const group = (kind: Exposed['kind']) => (name: string, options?: Options) =>
    groupOf(register(name, kind, { label: 'key', ...options }), monotonic)

  const metrics: Metrics = {
    // Bytes are counted where they are encrypted, and streams when somebody asks.
    trackMultiaddrConnection() {},
    trackProtocolStream() {},
    registerMetric: single('gauge'),
    registerMetricGroup: group('gauge'),
    registerCounter: single('counter'),
    registerCounterGroup: group('counter'),
    registerHistogram: single('untyped'),
    registerHistogramGroup: group('untyped'),
    registerSummary: single('untyped'),
    registerSummaryGroup: group('untyped'),
    traceFunction: (_name: string, traced: never) => traced,
    createTrace() {}
  }
  return {
    factory: () => metrics,
    total: (name, key = ALONE) => instruments.get(name)?.values.get(key) ?? 0,
    expose: () => Promise.all(Array.from(instruments, ([name, one]) => exposed(name, one)))
  }
}

function add({ values }: Instrument, key: string, by: number): void {
  const isKnown = values.has(key) || values.size < LIMITS.metricSeries.value
  const place = isKnown ? key : OTHER
  values.set(place, (values.get(place) ?? 0) + by)
}

function put({ values }: Instrument, key: string, value: number): void {
  if (values.has(key) || values.size < LIMITS.metricSeries.value) values.set(key, value)
}

function singleOf(
  instrument: Instrument,
  monotonic: () => number
): Metric & Counter & Histogram & Summary {
  const timer = () => {
    const began = monotonic()
    return () => put(instrument, ALONE, (monotonic() - began) / 1000)
  }
  return {
    update: (value) => put(instrument, ALONE, value),
    increment: (value = 1) => add(instrument, ALONE, value),
    decrement: (value = 1) => add(instrument, ALONE, -value),
    observe: (value) => put(instrument, ALONE, value),
    reset: () => instrument.values.clear(),
    timer
  }
}

type Values = Partial<Record<string, number | true>>

function each(values: Values, act: (key: string, value: number) => void): void {
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) act(key, value === true ? 1 : value)
  }
}

function groupOf(
  instrument: Instrument,
  monotonic: () => number
): MetricGroup & CounterGroup & HistogramGroup {
  const set = (values: Values): void => each(values, (key, value) => put(instrument, key, value))
  return {
    update: set,
    increment: (values) => each(values, (key, value) => add(instrument, key, value)),
    decrement: (values) => each(values, (key, value) => add(instrument, key, -value)),
    observe: set,
    reset: () => instrument.values.clear(),
    timer(key) {
      const began = monotonic()
      return () => put(instrument, key, (monotonic() - began) / 1000)
    }
  }
}

async function exposed(name: string, instrument: Instrument): Promise<Exposed> {
  const { label, help, kind } = instrument
  const values = await valuesOf(instrument)
  const samples = Array.from(values, ([key, value]) => ({
    labels: label === undefined ? [] : [key],
    value
  }))
  const labels = label === undefined ? [] : [wordOf(label)]
  return { spec: { name: wordOf(name), help: help || 'Of libp2p.', labels }, kind, samples }
}

/** What libp2p cannot tell just now, is left out. */
async function valuesOf({ values, calculate }: Instrument): Promise<ReadonlyMap<string, number>> {
  if (calculate === undefined) return values
  try {
    const told = await calculate()
    return new Map(typeof told === 'number' ? [[ALONE, told]] : Object.entries(told))
  } catch {
    return new Map()
  }
}

function wordOf(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_')
}
