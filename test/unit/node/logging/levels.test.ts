/** Levels that are switched while the node runs, and what finds a line again: peer, task, request. */
import { expect, test } from 'vitest'
import type { LogLine } from '../../../../client/api.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { inRequest } from '../../../../core/request-trace.ts'
import type { LogFilter } from '../../../../gateway/control/log-operations.ts'
import type { LogLevels } from '../../../../node/logging/levels.ts'
import { createLogging } from '../../../../node/logging/logging.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const ALL: LogFilter = { follow: false, limit: 1000 }

function setup(levels: Partial<LogLevels> = {}) {
  const clock = new ManualClock()
  const lines: LogLine[] = []
  const sink = {
    write: (line: string) => void lines.push(JSON.parse(line)),
    flush() {},
    close() {}
  }
  const configured = { level: 'info', components: {}, ...levels } as const
  const logging = createLogging({ clock, sinks: [sink] }, configured)
  return { clock, lines, logging, logger: logging.logger }
}

async function collect(source: AsyncIterable<LogLine>): Promise<string[]> {
  return (await Array.fromAsync(source)).map(({ message }) => message)
}

test('levels are switched while the node runs, for parts that have spoken already, too', () => {
  const { logger, lines, logging } = setup()
  const tcp = logger.child('libp2p:tcp')
  const dht = logger.child('dht')
  tcp.trace?.('too early')
  logging.levels.change({ level: 'warn', components: { libp2p: 'trace', dht: 'debug' } })
  for (const each of [tcp, dht, logger]) {
    each.trace?.('trace')
    each.debug('debug')
    each.info('info')
  }
  expect([tcp.wants?.('trace'), dht.wants?.('trace'), logger.wants?.('info')]).toEqual([
    true,
    false,
    false
  ])
  expect(lines.map(({ component, level }) => `${component} ${level}`)).toEqual([
    'libp2p:tcp trace',
    'libp2p:tcp debug',
    'libp2p:tcp info',
    'dht debug',
    'dht info'
  ])
  expect(logging.levels.show()).toEqual({
    v: 1,
    level: 'warn',
    components: { libp2p: 'trace', dht: 'debug' },
    configured: { level: 'info', components: {} },
    known: ['dht', 'libp2p:tcp', 'node']
  })
  logging.levels.change({ components: { libp2p: null } })
  tcp.info('as the rest again')
  expect(lines).toHaveLength(5)
})

test('levels that are switched for a time go back by themselves, to what was switched for good meanwhile', async () => {
  const { clock, logger, lines, logging } = setup({ components: { dht: 'error' } })
  logging.levels.change({ level: 'debug', forMs: 60_000 })
  logging.levels.change({ components: { dht: 'warn' } })
  expect(logging.levels.change({ components: { mesh: 'trace' }, forMs: 60_000 })).toMatchObject({
    level: 'debug',
    components: { dht: 'warn', mesh: 'trace' },
    until: '1970-01-01T00:01:00.000Z',
    after: { level: 'info', components: { dht: 'warn' } },
    configured: { level: 'info', components: { dht: 'error' } }
  })
  await clock.advance(59_999)
  logger.debug('in time')
  await clock.advance(1)
  logger.debug('too late')
  expect(lines.map(({ message }) => message)).toEqual(['in time'])
  expect(logging.levels.show()).not.toHaveProperty('until')
  expect(logging.levels.change({ reset: true })).toMatchObject({
    level: 'info',
    components: { dht: 'error' }
  })
})

test('back to the configuration means at once, whatever was switched for a time', () => {
  const { logging } = setup()
  logging.levels.change({ level: 'trace', forMs: 60_000 })
  expect(logging.levels.change({ reset: true, components: { dht: 'debug' } })).toEqual({
    v: 1,
    level: 'info',
    components: { dht: 'debug' },
    configured: { level: 'info', components: {} },
    known: ['node']
  })
})

test('levels are kept for so many parts and no more', () => {
  const { logging } = setup()
  const many = Array.from({ length: LIMITS.logComponents.value }, (_, index) => `part-${index}`)
  const components = Object.fromEntries(many.map((name) => [name, 'debug' as const]))
  logging.levels.change({ components })
  expect(() => logging.levels.change({ components: { another: 'debug' } })).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' })
  )
  expect(Object.keys(logging.levels.show().components)).toHaveLength(many.length)
  for (const name of many) logging.logger.child(name).child('libp2p').child('17')
  logging.logger.child('one-too-many')
  expect(logging.levels.show().known).toHaveLength(LIMITS.logComponents.value)
})

test('lines are told apart by the peer and the task they concern', async () => {
  const { logger, logging } = setup()
  const { signal } = new AbortController()
  logger.info('session', { peer: '12D3KooWbirchAbcdef' })
  logger.info('named', { peer: 'birch' })
  logger.info('given', { worker: '12D3KooWbirchAbcdef', task: '0199aaaa-7f3a9c1e' })
  logger.info('other', { peer: '12D3KooWelm', task: '0199aaaa-00000000' })
  const find = (filter: Partial<LogFilter>) => collect(logging.lines({ ...ALL, ...filter }, signal))
  expect(await find({ peer: ['birch', '12D3KooWbirchAbcdef'] })).toEqual([
    'session',
    'named',
    'given'
  ])
  expect(await find({ peer: ['Abcdef'] })).toEqual(['session', 'given'])
  expect(await find({ peer: ['bcdef'] })).toEqual([])
  expect(await find({ task: '9c1e' })).toEqual(['given'])
  expect(await find({ task: '1e' })).toEqual([])
  expect(await find({ task: '0199aaaa-7f3a9c1e', peer: ['birch'] })).toEqual([])
})

test('libp2p, which talks much, is heard below info only by who names it', async () => {
  const { logger, logging } = setup({ level: 'trace' })
  const tcp = logger.child('libp2p:tcp')
  expect([tcp.wants?.('debug'), tcp.wants?.('info'), logger.wants?.('trace')]).toEqual([
    false,
    true,
    true
  ])
  const stop = new AbortController()
  const follow = async (filter: Partial<LogFilter>) => {
    const lines = logging.lines({ ...ALL, follow: true, ...filter }, stop.signal)
    const next = lines.next()
    const wanted = tcp.wants?.('debug')
    tcp.warn('something to end with')
    await next
    await lines.return(undefined)
    return wanted
  }
  expect(await follow({ level: 'trace' })).toBe(false)
  expect(await follow({ level: 'trace', component: 'libp2p' })).toBe(true)
  logging.levels.change({ components: { libp2p: 'debug' } })
  expect(tcp.wants?.('debug')).toBe(true)
})

test('lines carry the request that they are part of, and its trace', async () => {
  const { logger, lines } = setup()
  const trace = '0123456789abcdef0123456789abcdef'
  const init = { traceparent: `00-${trace}-0123456789abcdef-01`, onOrder: () => undefined }
  await inRequest({ id: 'request-1', ...init }, async () => {
    await Promise.resolve()
    logger.info('within', { path: '/v1/run' })
    inRequest({ traceparent: undefined, onOrder: () => undefined }, () => logger.info('inner'))
  })
  logger.info('after')
  expect(lines.map(({ fields }) => fields)).toEqual([
    { path: '/v1/run', request: 'request-1', trace },
    { request: 'request-1' },
    {}
  ])
})
