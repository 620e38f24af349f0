import { multiaddrConnectionPair } from '@libp2p/utils'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { guardedProtector } from '../../../../node/libp2p/connection-guard.ts'
import { GREETING } from '../../../../node/libp2p/wall.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** The guard of an open swarm, whose turns of the event loop end when the test says so. */
function setup() {
  const clock = new ManualClock()
  const deferred: (() => void)[] = []
  const protector = guardedProtector({
    clock,
    defer: (action) => void deferred.push(action),
    onForeign: () => undefined,
    onViolation: () => undefined
  })
  function endTurn(): void {
    for (const action of deferred.splice(0)) action()
  }
  async function accept() {
    const [outbound, inbound] = multiaddrConnectionPair()
    await protector.protect(inbound)
    return { outbound, inbound }
  }
  return { clock, accept, endTurn }
}

test('who does not show that it is of the swarm is hung up on', async () => {
  const { clock, accept, endTurn } = setup()
  const { inbound } = await accept()
  await clock.advance(LIMITS.greetingDeadline.value)
  endTurn()
  endTurn()
  expect(inbound.status).not.toBe('open')
})

test('who greets in time is not, though a busy event loop reads it after the deadline', async () => {
  const { clock, accept, endTurn } = setup()
  const { inbound, outbound } = await accept()
  await clock.advance(LIMITS.greetingDeadline.value)
  endTurn()
  const read = new Promise((resolve) => {
    inbound.addEventListener('message', resolve, { once: true })
  })
  outbound.send(GREETING)
  await read
  endTurn()
  expect(inbound.status).toBe('open')
  await clock.advance(LIMITS.upgradeDeadline.value)
  endTurn()
  endTurn()
  expect(inbound.status).toBe('open')
})

test('of those who have not greeted there are so many at a time, and each that goes makes room', async () => {
  const { accept } = setup()
  const silent = await Promise.all(
    Array.from({ length: LIMITS.unprovenConnections.value }, () => accept())
  )
  await expect(accept()).rejects.toThrow('have not shown the key yet')
  silent[0]?.inbound.abort(new Error('gone'))
  const { inbound, outbound } = await accept()
  const read = new Promise((resolve) => {
    inbound.addEventListener('message', resolve, { once: true })
  })
  outbound.send(GREETING)
  await read
  await accept()
})
