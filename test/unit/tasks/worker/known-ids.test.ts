import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKnownIds } from '../../../../tasks/worker/known-ids.ts'
import { heldAfter } from '../../../support/held-after.ts'

test('never calls a known task new', () => {
  const key = fc.record({
    id: fc.stringMatching(/^[0-9a-f]{2}$/),
    caller: fc.constantFrom('a', 'b')
  })
  fc.assert(
    fc.property(fc.array(key), fc.array(key), (before, now) => {
      const highest =
        before
          .map(({ id }) => id)
          .toSorted()
          .at(-1) ?? ''
      const ids = createKnownIds(highest)
      for (const one of now) ids.add(one)
      for (const one of [...before, ...now]) expect(ids.isNew(one)).toBe(false)
    })
  )
})

test('calls new what comes after all others, also when it has forgotten them', () => {
  const ids = createKnownIds('5')
  for (let number = 0; number < 20_000; number += 1) {
    ids.add({ id: `6${String(number).padStart(6, '0')}`, caller: 'a' })
  }
  expect(ids.isNew({ id: '6000000', caller: 'a' })).toBe(false)
  expect(ids.isNew({ id: '7', caller: 'a' })).toBe(true)
})

test('keeps ids, not the messages that came with them', async () => {
  const ids = createKnownIds('')
  const held = await heldAfter(() => {
    const records = Array.from({ length: 10 }, (_, number) => ({ id: `6${number}`, caller: 'a' }))
    for (const record of records) ids.add(record)
    return records
  })
  expect(held).toBe(0)
  expect(ids.isNew({ id: '65', caller: 'a' })).toBe(false)
})
