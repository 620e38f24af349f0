import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { LogLine } from '../../../../client/api.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { Secret } from '../../../../core/secret.ts'
import type { LogFilter } from '../../../../gateway/control/log-operations.ts'
import { logLine } from '../../../../gateway/control/schema/logs.ts'
import type { LogLevels } from '../../../../node/logging/levels.ts'
import { createLogStream } from '../../../../node/logging/log-stream.ts'
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
  const logging = createLogging(
    { clock, sinks: [sink] },
    { level: 'info', components: {}, ...levels }
  )
  return { clock, lines, logging, logger: logging.logger }
}

async function collect(source: AsyncIterable<LogLine>): Promise<string[]> {
  const messages: string[] = []
  for await (const { message } of source) messages.push(message)
  return messages
}

test('writes each event as one document with the time, the part that speaks and its facts', () => {
  const { logger, lines, logging } = setup()
  logger.child('session').info('opened', { peer: 'birch' })
  logging.fatal('lost')
  expect(lines).toEqual([
    {
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      component: 'session',
      message: 'opened',
      fields: { peer: 'birch' }
    },
    expect.objectContaining({ level: 'fatal', component: 'node', fields: {} })
  ])
  expect(lines.map((line) => logLine.parse(line))).toEqual(lines)
})

test('a part of a part is named with both', () => {
  const { logger, lines } = setup()
  logger.child('agents').child('session').info('hello')
  expect(lines).toMatchObject([{ component: 'agents:session' }])
})

test('keeps what is urgent enough, by component where it is said so', () => {
  const { logger, lines } = setup({
    level: 'warn',
    components: { libp2p: 'debug', 'libp2p:tcp': 'error' }
  })
  for (const name of ['session', 'libp2p', 'libp2p:tcp', 'libp2p:mdns', 'libp2prime']) {
    logger.child(name).debug('debug')
    logger.child(name).warn('warn')
  }
  expect(lines.map(({ component, level }) => `${component} ${level}`)).toEqual([
    'session warn',
    'libp2p debug',
    'libp2p warn',
    'libp2p:mdns debug',
    'libp2p:mdns warn',
    'libp2prime warn'
  ])
})

test('hides secrets by name and by type, at any depth, in every form', () => {
  const { logger, lines } = setup()
  logger.info('config', {
    swarmKey: 'canary',
    deep: { api_key: 'canary', list: [{ password: 'canary' }] },
    headers: { Authorization: 'canary', cookie: 'canary' },
    value: new Secret('canary'),
    tokens: 212
  })
  expect(JSON.stringify(lines)).not.toContain('canary')
  expect(lines[0]?.fields).toMatchObject({ value: '[secret]', tokens: 212 })
})

test('makes any value safe to write', () => {
  const { logger, lines } = setup()
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const trap = Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw new Error('trap')
    }
  })
  logger.info('odd', {
    circle,
    long: 'x'.repeat(1e6),
    many: Array.from({ length: 1e4 }, (_, index) => index),
    bytes: new Uint8Array(5),
    big: 10n,
    not: Number.NaN,
    url: new URL('http://localhost/'),
    bare: Object.create(null),
    missing: undefined
  })
  logger.info('trap', { trap })
  expect(lines).toHaveLength(2)
  expect(JSON.stringify(lines[0]).length).toBeLessThan(4 * LIMITS.logTextBytes.value)
  expect(lines[0]?.fields).toMatchObject({
    bytes: '<5 bytes>',
    big: '10',
    not: 'NaN',
    url: 'http://localhost/'
  })
})

test('tells an error by its code, its cause and, when nobody foresaw it, its place', () => {
  const { logger, lines } = setup()
  const cause = new Error('reset')
  logger.warn('failed', { error: new LumosError('NO_ROUTE', { cause, details: { tried: 2 } }) })
  expect(lines[0]?.fields['error']).toMatchObject({
    code: 'NO_ROUTE',
    details: { tried: 2 },
    cause: { message: 'reset', stack: expect.stringContaining('logging.test.ts') }
  })
})

test('remembers the newest lines, and gives out those that fit', async () => {
  const { logger, logging, clock } = setup({ level: 'debug' })
  const signal = new AbortController().signal
  for (let number = 0; number < LIMITS.logLinesKept.value + 3; number++) logger.debug(`${number}`)
  await clock.advance(1000)
  logger.child('dht').warn('late')
  expect(await collect(logging.lines({ ...ALL, limit: 1e6 }, signal))).toHaveLength(
    LIMITS.logLinesKept.value
  )
  expect((await collect(logging.lines({ ...ALL, limit: 1e6 }, signal)))[0]).toBe('4')
  expect(await collect(logging.lines({ ...ALL, limit: 2 }, signal))).toEqual(['2002', 'late'])
  for (const filter of [{ level: 'warn' }, { component: 'dht' }, { since: 500 }] as const) {
    expect(await collect(logging.lines({ ...ALL, ...filter }, signal))).toEqual(['late'])
  }
})

test('a follower gets lines as they come, even those the node does not keep', async () => {
  const { logger, lines, logging } = setup()
  logger.info('before')
  const stop = new AbortController()
  const filter: LogFilter = { ...ALL, follow: true, level: 'debug', component: 'dht' }
  const followed = logging.lines(filter, stop.signal)
  const first = followed.next()
  logger.child('dht').debug('only for the follower')
  logger.child('session').debug('for nobody')
  expect((await first).value).toMatchObject({ message: 'only for the follower' })
  const last = followed.next()
  stop.abort()
  expect(await last).toMatchObject({ done: true })
  logger.child('dht').debug('nobody follows any more')
  expect(lines.map(({ message }) => message)).toEqual(['before'])
  expect(await collect(logging.lines(ALL, stop.signal))).toEqual(['before'])
})

test('a follower who does not read loses the oldest lines, and is told how many', async () => {
  const { logger, logging } = setup()
  const stop = new AbortController()
  const followed = logging.lines({ ...ALL, follow: true }, stop.signal)
  const first = followed.next()
  logger.info('first')
  await first
  for (let number = 0; number < LIMITS.logQueue.value + 7; number++) logger.info(`${number}`)
  expect((await followed.next()).value).toMatchObject({
    component: 'log',
    level: 'warn',
    fields: { dropped: 7 }
  })
  expect((await followed.next()).value).toMatchObject({ message: '7' })
  stop.abort()
})

test('writes for people on a terminal, one line an event', () => {
  const stream = new PassThrough()
  const clock = new ManualClock()
  const sinks = [createLogStream({ stream }, { format: 'pretty', colours: false })]
  const { logger } = createLogging({ clock, sinks }, { level: 'info', components: {} })
  logger.info('peer found', { name: 'birch', by: 'two words', tries: 2 })
  expect(String(stream.read())).toBe(
    '00:00:00.000 info  node       peer found name=birch by="two words" tries=2\n'
  )
})

test('a reader of stderr that leaves, or never reads, costs the node nothing', () => {
  const stream = new PassThrough({ highWaterMark: 16 })
  const sink = createLogStream({ stream }, { format: 'json', colours: false })
  const line = `${'x'.repeat(1023)}\n`
  for (let sent = 0; sent < 3 * LIMITS.logStreamBytes.value; sent += line.length) sink.write(line)
  expect(stream.writableLength).toBeLessThanOrEqual(2 * LIMITS.logStreamBytes.value)
  stream.emit('error', Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))
  const before = stream.writableLength
  sink.write(line)
  expect(stream.writableLength).toBe(before)
})
