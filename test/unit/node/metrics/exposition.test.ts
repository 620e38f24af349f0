/** The text for Prometheus: what the strict parser reads back, whatever agents are called. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCounter, createHistogram } from '../../../../core/metrics.ts'
import { writeMetrics } from '../../../../node/metrics/exposition.ts'
import { createHttpMeter } from '../../../../node/metrics/http-meter.ts'
import { createLibp2pMetrics } from '../../../../node/metrics/libp2p-metrics.ts'
import { parsePrometheus, selectorsIn } from '../../../support/prometheus-text.ts'

test('hostile names of skills stay within their label', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 20 }),
      (names) => {
        const spec = { name: 'x_total', help: 'a\\b\nc', labels: ['skill'], open: ['skill'] }
        const family = createCounter(spec)
        for (const name of [...names, 'a"} 1\nevil_total 2']) family.of(name).value += 1
        const samples = Array.from(family.all(), ({ labels, cell }) => ({
          labels,
          value: cell.value
        }))
        const parsed = parsePrometheus(writeMetrics([{ spec, kind: 'counter', samples }]))
        expect([...parsed.keys()]).toEqual(['x_total'])
        const told = parsed.get('x_total')?.samples.map(({ labels }) => labels['skill'])
        expect(told).toEqual(samples.map(({ labels }) => labels[0]?.replaceAll('\r', ' ')))
      }
    )
  )
})

test('a histogram rises to its count, by label', () => {
  const spec = { name: 'x_seconds', help: 'x', labels: ['way'], buckets: [0.1, 1] }
  const family = createHistogram(spec)
  for (const value of [0.05, 0.5, 5, 50]) family.of('in').observe(value)
  const samples = Array.from(family.all(), ({ labels, cell }) => ({ labels, value: cell }))
  const text = writeMetrics([{ spec, kind: 'histogram', samples }])
  expect(text).toContain('x_seconds_bucket{way="in",le="1"} 2\n')
  expect(text).toContain('x_seconds_bucket{way="in",le="+Inf"} 4\n')
  expect(parsePrometheus(text).get('x_seconds')?.type).toBe('histogram')
})

test.for([
  ['a sample without its metric', 'not in its metric', 'x 1\n'],
  ['a sample of another metric', 'not in its metric', '# HELP x a\n# TYPE x gauge\ny 1\n'],
  ['a sample twice', 'twice', '# HELP x a\n# TYPE x gauge\nx{a="1"} 1\nx{a="1"} 2\n'],
  ['an open quote', 'no labels', '# HELP x a\n# TYPE x gauge\nx{a="1} 1\n'],
  ['no value', 'no value', '# HELP x a\n# TYPE x gauge\nx one\n'],
  ['no line end', 'line feed', '# HELP x a\n# TYPE x gauge\nx 1'],
  [
    'a falling histogram',
    'does not rise',
    '# HELP x a\n# TYPE x histogram\nx_bucket{le="1"} 3\nx_bucket{le="+Inf"} 2\nx_sum 1\nx_count 2\n'
  ],
  ['a negative counter', 'no counter', '# HELP x a\n# TYPE x counter\nx -1\n']
] as const)('the parser refuses %s', ([, reason, text]) => {
  expect(() => parsePrometheus(text)).toThrow(reason)
})

test('selectors are found in PromQL, and functions are none', () => {
  const asked =
    'histogram_quantile(0.95, sum by (le, skill) (rate(lumos_x_bucket{role="caller"}[5m])))'
  expect(selectorsIn(asked)).toEqual([
    { metric: 'lumos_x_bucket', labels: ['role', 'le', 'skill'] }
  ])
})

test('what libp2p registers twice counts on, and what it cannot tell is left out', async () => {
  const metrics = createLibp2pMetrics({ monotonic: () => 0 })
  const libp2p = metrics.factory()
  libp2p.registerCounterGroup('dials_total').increment({ outbound: true, inbound: 2 })
  libp2p.registerCounterGroup('dials_total').increment({ outbound: true })
  libp2p.registerMetric('table-size', { calculate: () => 7 })
  libp2p.registerMetric('broken', { calculate: () => Promise.reject(new Error('not now')) })
  expect(metrics.total('dials_total', 'outbound')).toBe(2)
  const parsed = parsePrometheus(writeMetrics(await metrics.expose()))
  expect(parsed.get('table_size')?.samples).toMatchObject([{ value: 7 }])
  expect([...parsed.keys()]).toEqual(['dials_total', 'table_size'])
})

test('doors are known by their paths, and there are no others', () => {
  const meter = createHttpMeter()
  for (const path of ['/agents/x', '/v1/chat/completions', '/v1/tasks/1', '/', '/../etc', '/zzz']) {
    meter.answered(path, 200)
  }
  meter.answered('/mcp', undefined)
  const doors = [...(meter.families[0]?.all() ?? [])].map(({ labels }) => labels.join(' '))
  expect(doors).toEqual([
    'a2a 2xx',
    'openai 2xx',
    'control 2xx',
    'dashboard 2xx',
    'none 2xx',
    'mcp cut'
  ])
})
