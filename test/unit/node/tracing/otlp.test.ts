/** Spans on their way to a collector: a real receiver over HTTP, one that hangs, and one that refuses. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { Secret } from '../../../../core/secret.ts'
import { createOtlpExporter } from '../../../../node/tracing/otlp-exporter.ts'
import { otlpSettings } from '../../../../node/tracing/otlp-settings.ts'
import { createSpanRing } from '../../../../node/tracing/span-ring.ts'
import { createTracer } from '../../../../node/tracing/tracer.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { otlpFlaws } from '../../../support/otlp-schema.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { seededRandom } from '../../../support/random.ts'

const TRACE = 'ab'.repeat(16)
const INTERVAL_MS = 5000

function patiently(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, PATIENCE)
}

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (response: ServerResponse, nth: number) => void

const taken: Answer = (response) => response.end('{}')
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end()

async function setup(answer: Answer) {
  const received: Received[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      received.push({ headers: incoming.headers, body: Buffer.concat(chunks).toString() })
      answer(response, received.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const clock = new ManualClock()
  const warnings: object[] = []
  const logger = {
    debug() {},
    info() {},
    warn: (_: string, fields: object = {}) => void warnings.push(fields),
    error() {},
    child: () => logger
  }
  const exporter = createOtlpExporter(
    { clock, logger, fetch },
    {
      url: `http://127.0.0.1:${port}/v1/traces`,
      headers: new Secret({ 'x-key': 'of the collector' }),
      version: '0.1.0',
      resource: { 'service.name': 'lumos', 'lumos.node': 'amber-otter' }
    }
  )
  const ring = createSpanRing()
  const tracer = createTracer(
    { clock, random: seededRandom(1), ring, onEnd: (span) => exporter.add(span) },
    { sample: 1 }
  )
  await exporter.start()
  onTestFinished(async () => {
    await exporter.stop()
    server.closeAllConnections()
    server.close()
  })
  function make(count: number): void {
    for (let at = 0; at < count; at += 1) tracer.start('run', { trace: TRACE }).end()
  }
  return { received, clock, warnings, exporter, tracer, make }
}

function spansIn({ body }: Received): readonly { readonly name: string }[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- otlpFlaws has looked at it
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[]
  }
  return resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans))
}

test('a collector gets what OTLP says, and the key that is for it', async () => {
  const { received, clock, tracer } = await setup(taken)
  const outer = tracer.start('run', { trace: TRACE })
  outer.set('agent', 'summarize')
  const model = tracer.start('model', { trace: TRACE, span: outer.id })
  model.set('model', 'openai/gpt-5-mini')
  model.set('inputTokens', 412)
  model.set('ratio', 0.5)
  model.set('cached', true)
  await clock.advance(7)
  model.event('first chunk')
  model.fail('MODEL_LIMITED')
  model.end()
  outer.end()
  await clock.advance(INTERVAL_MS)
  await patiently(() => expect(received).toHaveLength(1))
  const [request] = received
  const document: unknown = JSON.parse(request?.body ?? '')
  expect(otlpFlaws(document)).toEqual([])
  expect(otlpFlaws({ resourceSpans: [{ spans: [] }] })).toHaveLength(1)
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-key': 'of the collector'
  })
  const [first] = request === undefined ? [] : spansIn(request)
  expect(first).toMatchObject({
    traceId: TRACE,
    spanId: model.id,
    parentSpanId: outer.id,
    name: 'model openai/gpt-5-mini',
    kind: 3,
    attributes: [
      { key: 'gen_ai.request.model', value: { stringValue: 'openai/gpt-5-mini' } },
      { key: 'gen_ai.usage.input_tokens', value: { intValue: '412' } },
      { key: 'lumos.ratio', value: { doubleValue: 0.5 } },
      { key: 'lumos.cached', value: { boolValue: true } }
    ],
    events: [{ name: 'first chunk' }],
    status: { code: 2, message: 'MODEL_LIMITED' }
  })
  expect(document).toMatchObject({
    resourceSpans: [
      { resource: { attributes: [{ key: 'service.name', value: { stringValue: 'lumos' } }, {}] } }
    ]
  })
})

test('a collector that hangs costs the queue, and no more', async () => {
  const { received, clock, exporter, warnings, make } = await setup(() => {})
  make(10)
  await clock.advance(INTERVAL_MS)
  await patiently(() => expect(received).toHaveLength(1))
  make(LIMITS.otlpQueue.value + 500)
  expect(exporter.dropped).toBe(510)
  await clock.advance(LIMITS.otlpRequest.value)
  await patiently(() => expect(warnings).toHaveLength(1))
  expect(warnings[0]).toMatchObject({ spans: 510 })
  await exporter.stop()
})

test('what is refused is lost and counted, and said once a minute', async () => {
  const { received, clock, exporter, warnings, make } = await setup(status(400))
  for (let round = 1; round <= 4; round += 1) {
    make(3)
    await clock.advance(INTERVAL_MS)
    await patiently(() => expect(exporter.dropped).toBe(3 * round))
  }
  expect(received).toHaveLength(4)
  expect(warnings).toEqual([expect.objectContaining({ spans: 3, why: 'it answered 400' })])
})

test('a collector that is away for a while gets all of it later', async () => {
  const { received, clock, exporter, make } = await setup((response, nth) =>
    (nth === 1 ? status(503) : taken)(response, nth)
  )
  make(600)
  await clock.advance(INTERVAL_MS)
  await patiently(() => expect(received).toHaveLength(1))
  await patiently(async () => {
    await clock.advance(INTERVAL_MS)
    expect(received.length).toBeGreaterThanOrEqual(3)
  })
  expect(received.slice(1).flatMap(spansIn)).toHaveLength(600)
  expect(exporter.dropped).toBe(0)
})

test('a node that stops sends its last spans', async () => {
  const { received, exporter, make } = await setup(taken)
  make(3)
  await exporter.stop()
  expect(received.flatMap(spansIn)).toHaveLength(3)
})

test('a node that stops while it sends does not lose what was on its way', async () => {
  const { received, clock, exporter, make } = await setup((response, nth) => {
    if (nth > 1) taken(response, nth)
  })
  make(3)
  await clock.advance(INTERVAL_MS)
  await patiently(() => expect(received).toHaveLength(1))
  await exporter.stop()
  expect(received.slice(1).flatMap(spansIn)).toHaveLength(3)
})

test('where spans go is what the configuration says, then what all programs go by', () => {
  const tracing = { enabled: true, sample: 1, otlp: {} }
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318/'
  const told = otlpSettings(tracing, {
    OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, broken, x=%zz',
    OTEL_SERVICE_NAME: 'swarm'
  })
  expect(told).toMatchObject({ url: 'http://collector:4318/v1/traces', serviceName: 'swarm' })
  expect(told?.headers.reveal()).toEqual({ authorization: 'Bearer abc' })
  expect(JSON.stringify(told)).not.toContain('abc')
  const own = { ...tracing, otlp: { endpoint: 'https://own/otlp' } }
  expect(otlpSettings(own, { OTEL_EXPORTER_OTLP_ENDPOINT })?.url).toBe('https://own/otlp/v1/traces')
  const exact = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }
  expect(otlpSettings(tracing, exact)?.url).toBe('http://t/x')
  expect(otlpSettings(tracing, {})).toBeUndefined()
  expect(otlpSettings(tracing, { OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' })).toBeUndefined()
  expect(
    otlpSettings({ ...tracing, enabled: false }, { OTEL_EXPORTER_OTLP_ENDPOINT })
  ).toBeUndefined()
})
