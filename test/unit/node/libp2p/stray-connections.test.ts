import { expect, test } from 'vitest'
import { createStrayConnections, STRAY_AGE_MS } from '../../../../node/libp2p/stray-connections.ts'
import type { OpenConnection } from '../../../../node/libp2p/stray-connections.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup(wanted: readonly string[] = []) {
  const clock = new ManualClock()
  const open: OpenConnection[] = []
  const closed: string[] = []
  const watch = createStrayConnections({
    clock,
    connections: () => open,
    isWanted: (peer) => wanted.includes(peer),
    hangUp: async (peer) => {
      closed.push(peer)
      if (peer === 'slow') await clock.sleep(2000)
    }
  })
  const connect = (peer: string) => void open.push({ peer, openedAt: clock.now() })
  return { clock, closed, connect, watch }
}

test('closes connections that have had no session for a minute, and no others', async () => {
  const { clock, closed, connect, watch } = setup(['wanted'])
  await watch.start()
  connect('stray')
  connect('wanted')
  await clock.advance(STRAY_AGE_MS - 1)
  connect('young')
  await clock.advance(1)
  expect(closed).toEqual(['stray'])
  await watch.stop()
})

test('one that takes its time to part keeps none of the others', async () => {
  const { clock, closed, connect, watch } = setup()
  await watch.start()
  connect('slow')
  connect('stray')
  await clock.advance(STRAY_AGE_MS)
  expect(closed).toEqual(['slow', 'stray'])
  await clock.advance(2000)
  await watch.stop()
})

test('waits while a peer has a young connection beside an old one', async () => {
  const { clock, closed, connect, watch } = setup()
  await watch.start()
  connect('peer')
  await clock.advance(STRAY_AGE_MS / 2)
  connect('peer')
  await clock.advance(STRAY_AGE_MS / 2)
  expect(closed).toEqual([])
  await clock.advance(STRAY_AGE_MS)
  expect(closed).toEqual(['peer'])
  await watch.stop()
})

test('looks no more once it has stopped', async () => {
  const { clock, closed, connect, watch } = setup()
  await watch.start()
  connect('stray')
  await watch.stop()
  await clock.advance(10 * STRAY_AGE_MS)
  expect(closed).toEqual([])
  expect(clock.pending).toBe(0)
})
