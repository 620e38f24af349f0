/** Reads the text format of Prometheus as strictly as it is described, and throws at the first line that is wrong. */

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ParsedMetric {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly ParsedSample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf)$/
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])
/** What a histogram may add to its name. */
const PARTS = ['_bucket', '_sum', '_count'] as const

/** By name, in the order of the text. */
export function parsePrometheus(text: string): Map<string, ParsedMetric> {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed')
  const metrics = new Map<string, ParsedMetric & { samples: ParsedSample[] }>()
  const seen = new Set<string>()
  let current: (ParsedMetric & { samples: ParsedSample[] }) | undefined
  let help: [name: string, text: string] | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, rest = ''] = /^# (HELP|TYPE) (.*)$/.exec(line) ?? []
    if (word === 'HELP') {
      const [name = ''] = NAME.exec(rest) ?? []
      if (metrics.has(name)) throw new Error(`a second HELP for ${name}`)
      help = [name, rest.slice(name.length + 1)]
    } else if (word === 'TYPE') {
      const [name = '', type = ''] = rest.split(' ')
      if (help?.[0] !== name) throw new Error(`TYPE of ${name} without HELP before it`)
      if (!TYPES.has(type)) throw new Error(`no type: ${line}`)
      current = { name, type, help: help[1], samples: [] }
      metrics.set(name, current)
    } else {
      const sample = sampleIn(line)
      if (current === undefined || !belongs(sample.name, current)) {
        throw new Error(`not in its metric: ${line}`)
      }
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted(byName)])
      if (seen.has(key)) throw new Error(`twice: ${line}`)
      seen.add(key)
      current.samples.push(sample)
    }
  }
  for (const metric of metrics.values()) check(metric)
  return metrics
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

function belongs(sample: string, { name, type }: ParsedMetric): boolean {
  if (type !== 'histogram') return sample === name
  return PARTS.some((part) => sample === name + part)
}

function sampleIn(line: string): ParsedSample {
  const [name] = NAME.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const [label] = LABEL.exec(rest) ?? []
      const [quoted, value] = /^="((?:[^"\\\n]|\\["\\n])*)"/.exec(rest.slice(label?.length)) ?? []
      if (label === undefined || quoted === undefined) throw new Error(`no labels: ${line}`)
      if (label in labels) throw new Error(`a label twice: ${line}`)
      labels[label] = (value ?? '').replaceAll(/\\(["\\n])/g, (_, c) =>
        c === 'n' ? '\n' : String(c)
      )
      rest = rest.slice(label.length + quoted.length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) throw new Error(`no labels: ${line}`)
    }
    rest = rest.slice(1)
  }
  if (!rest.startsWith(' ') || !VALUE.test(rest.slice(1))) throw new Error(`no value: ${line}`)
  return { name, labels, value: numberOf(rest.slice(1)) }
}

function numberOf(text: string): number {
  return text.endsWith('Inf') ? Number(text.replace('Inf', 'Infinity')) : Number(text)
}

/** Counters never fall below zero; the buckets of a histogram rise to its count. */
function check({ name, type, samples }: ParsedMetric): void {
  if (samples.length === 0) throw new Error(`${name} has no sample`)
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) {
    throw new Error(`${name} is no counter`)
  }
  if (type !== 'histogram') return
  const ends = samples.filter((sample) => sample.name === `${name}_count`)
  for (const { labels, value: count } of ends) {
    const own = (sample: ParsedSample): boolean =>
      sample.name === `${name}_bucket` &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
    const buckets = samples.filter(own)
    const bounds = buckets.map((bucket) => numberOf(bucket.labels['le'] ?? ''))
    const counts = buckets.map(({ value }) => value)
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== count) throw new Error(`${name} has no end`)
    if (!isRising(bounds) || !isRising(counts)) throw new Error(`${name} does not rise`)
  }
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, at) => at === 0 || value >= (values[at - 1] ?? Infinity))
}

export interface Selector {
  readonly metric: string
  readonly labels: readonly string[]
}

/** Words of PromQL that look like metrics, and are none. */
const PROMQL = new Set(
  'sum by rate increase histogram_quantile without max min avg count and or unless on ignoring le time clamp_min group_left absent changes vector offset bool topk deriv predict_linear label_replace'.split(
    ' '
  )
)

/** The metrics that an expression of PromQL asks for, with the labels it names of each. */
export function selectorsIn(expression: string): Selector[] {
  const found: Selector[] = []
  const text = expression.replaceAll(/\$__\w+|\[[^\]]*\]/g, '')
  const grouping = [...text.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(
    ([, names = '']) => names.split(',').map((name) => name.trim())
  )
  const bare = text.replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, '')
  for (const [, name = '', inside = ''] of bare.matchAll(
    /\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?/g
  )) {
    if (PROMQL.has(name) || !/^(lumos|process|nodejs)_/.test(name)) continue
    const labels = [...inside.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(
      ([, label = '']) => label
    )
    found.push({ metric: name, labels: [...labels, ...grouping] })
  }
  return found
}
