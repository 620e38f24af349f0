import { expect, test, vi } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import type { LogFields, Logger, LogLevel } from '../../../../core/logger.ts'
import { createLibp2pLogger } from '../../../../node/libp2p/logger.ts'

function setup(wanted: readonly LogLevel[]) {
  const lines: unknown[] = []
  const loggerOf = (name: string): Logger => {
    const write = (message: string, fields?: LogFields): void => {
      lines.push([name, message, ...(fields ? [fields] : [])])
    }
    return {
      ...silentLogger,
      debug: write,
      trace: write,
      wants: (level) => wanted.includes(level),
      child: loggerOf
    }
  }
  return { lines, logger: loggerOf('node') }
}

test('costs nothing for a logger that cannot say what is wanted: one for every component', () => {
  const logger = createLibp2pLogger(silentLogger)
  const tcp = logger.forComponent('libp2p:tcp')
  expect(tcp.enabled).toBe(false)
  expect(tcp.newScope('connection')).toBe(logger.forComponent('libp2p:noise'))
})

test('writes libp2p’s lines under the names of its parts, with its own formats filled in', () => {
  const { lines, logger } = setup(['debug'])
  const log = createLibp2pLogger(logger).forComponent('libp2p:tcp').newScope('inbound')
  log('dial %p at %a took %dms', 'peer', '/ip4/1.2.3.4', 7)
  log.error('failed - %e', new RangeError('too far'))
  log.trace('nobody wants this')
  createLibp2pLogger(logger).forComponent('mdns')('found')
  expect(lines).toEqual([
    ['libp2p:tcp:inbound', 'dial peer at /ip4/1.2.3.4 took 7ms'],
    ['libp2p:tcp:inbound', 'failed - RangeError: too far', { level: 'error' }],
    ['libp2p:mdns', 'found']
  ])
})

test('puts nothing into words that nobody wants', () => {
  const { lines, logger } = setup([])
  const readable = vi.fn<() => string>(() => 'costs much')
  createLibp2pLogger(logger).forComponent('libp2p:tcp')('%s', { toString: readable })
  expect(readable).not.toHaveBeenCalled()
  expect(lines).toEqual([])
})
