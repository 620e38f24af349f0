/** How long lists of statements are checked: others go on meanwhile, and nothing after the first bad one is looked at. */
import { expect, test } from 'vitest'
import { isForgery, verifyStatements } from '../../../../trust/members/statement.ts'
import { toLumosError } from '../../../../core/errors.ts'
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
