/** How long lists of statements are checked: others go on meanwhile, and nothing after the first bad one is looked at. */
import { expect, test, vi } from 'vitest'
import { isForgery, signSuccession, verifyStatements } from '../../../../trust/members/statement.ts'
import { toLumosError } from '../../../../core/errors.ts'
import { testIdentity } from '../../../support/identity.ts'
import { rollOf, swarm, SWARM } from '../../../support/swarm-people.ts'

test('a long list does not keep others from their turn', async () => {
  const [owner] = await swarm()
  const [statement] = rollOf(owner).statements()
  let turns = 0
  const count = (): void => {
    turns += 1
    counting = setImmediate(count)
  }
  let counting = setImmediate(count)
  await verifyStatements(
    SWARM,
    Array.from({ length: 400 }, () => statement)
  )
  clearImmediate(counting)
  expect(turns).toBeGreaterThan(20)
})

test('the first forged one ends it', async () => {
  const [owner, , , eve] = await swarm()
  const [statement] = rollOf(owner).statements()
  let looked = 0
  const behind = {
    get kind() {
      looked += 1
      return 'member'
    }
  }
  const forged = { ...statement, by: eve.peer }
  const failed = await verifyStatements(SWARM, [statement, forged, behind]).catch(toLumosError)
  expect(failed).toMatchObject({ code: 'MEMBERSHIP_INVALID' })
  expect(isForgery(toLumosError(failed))).toBe(true)
  expect(looked).toBe(0)
})

test('what strangers say of their keys is not weighed against the whole list each time', async () => {
  const [owner] = await swarm(20)
  const [old, next] = await Promise.all([testIdentity(901), testIdentity(902)])
  const said = { reason: 'routine', at: 1, keeps: [] } as const
  const strange = await signSuccession({ old, next }, SWARM, said)
  const looked = vi.spyOn(Map.prototype, 'values')
  rollOf(owner).merge(Array.from({ length: 500 }, () => strange))
  const times = looked.mock.calls.length
  looked.mockRestore()
  expect(times).toBeLessThan(20)
})
