/** Who fails to come in over HTTP is counted, within bounds that strangers cannot widen. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createFailedAttempts } from '../../../../gateway/http/failed-attempts.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup() {
  const clock = new ManualClock()
  const failures = createFailedAttempts({ clock })
  const exhaust = (address: string): void => {
    for (let count = 0; count < LIMITS.gatewayFailures.value; count++) failures.count(address)
  }
  return { clock, failures, exhaust }
}

test('an address has its attempts back after a minute', async () => {
  const { clock, failures, exhaust } = setup()
  exhaust('192.0.2.1')
  expect(failures.count('192.0.2.1')).toBe(60_000 / LIMITS.gatewayFailures.value)
  await clock.advance(60_000)
  expect(failures.count('192.0.2.1')).toBeUndefined()
})

test.for([
  ['2001:db8::1', '2001:db8::ffff:1', true],
  ['2001:db8:0:0:1::', '2001:db8::', true],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', true],
  ['2001:db8:0:1::1', '2001:db8::1', false],
  ['::1', '::2', true]
] as const)('%s and %s are one network: %s', ([one, other, isSame]) => {
  const { failures, exhaust } = setup()
  exhaust(one)
  expect(failures.count(other) !== undefined).toBe(isSame)
})

test('no crowd of addresses takes more than its room, and who fails on is not forgotten', () => {
  const { failures, exhaust } = setup()
  exhaust('198.51.100.1')
  exhaust('198.51.100.2')
  for (let index = 0; index < LIMITS.gatewayStrangers.value - 1; index++) {
    failures.count(`10.0.${index >> 8}.${index & 255}`)
    if (index % 1000 === 0) failures.count('198.51.100.2')
  }
  expect(failures.count('198.51.100.1')).toBeUndefined()
  expect(failures.count('198.51.100.2')).toBeDefined()
})
