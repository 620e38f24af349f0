/** Readers of `/v1/events` that come back: where they go on. */
import { expect, test, vi } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import { createControlApp } from '../../../../gateway/control/app.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { fakeOperations, lines } from '../../../support/control-operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup() {
  const watch = vi.fn<ControlOperations['watch']>(() => lines([]))
  const operations = fakeOperations({ watch })
  const parts = { operations, logger: silentLogger, clock: new ManualClock() }
  return { app: createControlApp(parts, new AbortController().signal), watch }
}

test.for([
  ['/v1/events?after=7', { 'last-event-id': '9' }, '9'],
  ['/v1/events?after=7', {}, '7'],
  ['/v1/events', { 'last-event-id': '9' }, '9']
] as const)('who asks for %s with %j goes on behind %s', async ([path, headers, place]) => {
  const { app, watch } = setup()
  const response = await app.request(path, { headers })
  await response.text()
  expect(watch.mock.lastCall?.[1]).toMatchObject({ after: place })
})
