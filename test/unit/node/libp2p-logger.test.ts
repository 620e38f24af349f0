import { expect, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createLibp2pLogger } from '../../../node/libp2p-logger.ts'

test('costs nothing while off: one logger for every component and scope', () => {
  const logger = createLibp2pLogger(silentLogger, { enabled: false })
  const tcp = logger.forComponent('libp2p:tcp')
  expect(tcp.enabled).toBe(false)
  expect(tcp.newScope('connection')).toBe(logger.forComponent('libp2p:noise'))
})

test('writes libp2p’s lines at level debug, with its own formats filled in', () => {
  const debug = vi.fn<(message: string, fields?: unknown) => void>()
  const logger = createLibp2pLogger({ ...silentLogger, debug }, { enabled: true })
  const log = logger.forComponent('libp2p:tcp').newScope('inbound')
  log('dial %p at %a took %dms', 'peer', '/ip4/1.2.3.4', 7)
  log.error('failed - %e', new RangeError('too far'))
  expect(debug.mock.calls).toEqual([
    ['dial peer at /ip4/1.2.3.4 took 7ms', { component: 'libp2p:tcp:inbound', level: 'info' }],
    ['failed - RangeError: too far', { component: 'libp2p:tcp:inbound', level: 'error' }]
  ])
})
