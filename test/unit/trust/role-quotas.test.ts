import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { QUOTA_NAMES, quotasOf } from '../../../trust/role-quotas.ts'
import type { Role } from '../../../trust/roles.ts'

/** From the least trusted. */
const ORDER: readonly (Role | undefined)[] = [
  undefined,
  'relay',
  'client',
  'worker',
  'member',
  'admin',
  'owner'
]

test.each(QUOTA_NAMES)('who is trusted more has no less of %s, and everybody has some', (name) => {
  const amounts = ORDER.map((role) => quotasOf(role)[name])
  expect(amounts).toEqual(amounts.toSorted((one, other) => one - other))
  expect(amounts[0]).toBeGreaterThanOrEqual(1)
  expect(quotasOf('member')[name]).toBe(LIMITS[name].value)
})

test('clients, workers, members and admins differ, and nobody takes the places of others', () => {
  const rates = ['client', 'worker', 'member', 'admin'] as const
  expect(new Set(rates.map((role) => quotasOf(role).callRate)).size).toBe(4)
  expect(quotasOf('owner').agentTasksPerPeer).toBe(LIMITS.agentTasksPerPeer.value)
  expect(quotasOf('owner').callsPerPeer).toBe(LIMITS.callsPerPeer.value)
})
