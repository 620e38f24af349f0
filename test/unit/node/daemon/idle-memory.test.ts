import { expect, onTestFinished, test, vi } from 'vitest'
import type { DaemonHost } from '../../../../node/daemon/host.ts'
import { keepMemoryLow, SETTLED_MS } from '../../../../node/daemon/idle-memory.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const MIB = 1024 * 1024

/** V8 gives the pages back bit by bit after the collection that was asked for. */
const REDUCING_MS = 8000

/** A process that has `rest` MiB in use, whatever it took before. */
function setup(rest: number) {
  const clock = new ManualClock()
  const process = { busy: 0, rssBytes: 200 * MIB }
  const releaseMemory = vi.fn<DaemonHost['releaseMemory']>(() => {
    clock.after(REDUCING_MS, () => (process.rssBytes = rest * MIB))
  })
  onTestFinished(keepMemoryLow(clock, { activity: () => process, releaseMemory }))
  return { clock, process, releaseMemory }
}

test('what starting took is given back once, even by a node that is busy', async () => {
  const { clock, process, releaseMemory } = setup(120)
  process.busy = 0.9
  await clock.advance(3 * SETTLED_MS)
  expect(releaseMemory).toHaveBeenCalledOnce()
})

test('what a busy time took is given back when the node rests, and not before', async () => {
  const { clock, process, releaseMemory } = setup(120)
  await clock.advance(SETTLED_MS)
  Object.assign(process, { busy: 0.8, rssBytes: 600 * MIB })
  await clock.advance(5 * SETTLED_MS)
  expect(releaseMemory).toHaveBeenCalledTimes(1)

  for (const busy of [0.01, 0.01, 0.8, 0.01, 0.01]) {
    process.busy = busy
    await clock.advance(SETTLED_MS)
  }
  expect(releaseMemory).toHaveBeenCalledTimes(1)
  await clock.advance(SETTLED_MS)
  expect(releaseMemory).toHaveBeenCalledTimes(2)
})

test('a node that rests is not stopped again and again for what it really needs', async () => {
  const { clock, process, releaseMemory } = setup(400)
  await clock.advance(2 * SETTLED_MS)
  process.rssBytes = 420 * MIB
  await clock.advance(100 * SETTLED_MS)
  expect(releaseMemory).toHaveBeenCalledOnce()
})

test('what releasing comes to is what the process has some seconds later', async () => {
  const { clock, process, releaseMemory } = setup(120)
  await clock.advance(2 * SETTLED_MS)
  process.rssBytes = 160 * MIB
  await clock.advance(3 * SETTLED_MS)
  expect(releaseMemory).toHaveBeenCalledTimes(2)
  await clock.advance(SETTLED_MS)
  expect(process.rssBytes).toBe(120 * MIB)
})
