import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createBatches } from '../../../storage/batches.ts'
import type { Operation } from '../../../storage/store.ts'

function put(key: string): Operation {
  return { type: 'put', key, value: Buffer.from(key) }
}

/** A journal whose writes the test lets through one by one. */
function setup() {
  const writes: { keys: string[]; sync: boolean; gate: PromiseWithResolvers<number> }[] = []
  const batches = createBatches({
    append(_, { operations = [], sync }) {
      const gate = Promise.withResolvers<number>()
      writes.push({ keys: operations.map(({ key }) => key), sync, gate })
      return gate.promise
    }
  })
  return { batches, writes }
}

test('what is written in one turn is one record, and synced if one of them has to be', async () => {
  const { batches, writes } = setup()
  const first = batches.write([put('a')], false)
  const second = batches.write([put('b'), put('c')], true)
  await turn()
  expect(writes).toMatchObject([{ keys: ['a', 'b', 'c'], sync: true }])
  writes[0]?.gate.resolve(1)
  await Promise.all([first, second])
})

test('while a record is written the next one gathers', async () => {
  const { batches, writes } = setup()
  const first = batches.write([put('a')], true)
  await turn()
  const rest = [batches.write([put('b')], false), batches.write([put('c')], false)]
  await turn()
  expect(writes).toHaveLength(1)
  writes[0]?.gate.resolve(1)
  await first
  await turn()
  expect(writes[1]).toMatchObject({ keys: ['b', 'c'], sync: false })
  writes[1]?.gate.resolve(2)
  await Promise.all(rest)
})

test('a record that fails fails those who wrote it, and nobody else', async () => {
  const { batches, writes } = setup()
  const lost = batches.write([put('a')], true)
  await turn()
  const kept = batches.write([put('b')], true)
  writes[0]?.gate.reject(new LumosError('STORE_FULL', { details: { path: '/' } }))
  await expect(lost).rejects.toMatchObject({ code: 'STORE_FULL' })
  await turn()
  writes[1]?.gate.resolve(2)
  await kept
})

test('a put can be withdrawn as long as it waits', async () => {
  const { batches, writes } = setup()
  const written = batches.write([put('a'), put('b')], true)
  expect(batches.withdraw('a')).toBe(true)
  expect(batches.withdraw('a')).toBe(false)
  await turn()
  expect(writes[0]?.keys).toEqual(['b'])
  expect(batches.withdraw('b')).toBe(false)
  writes[0]?.gate.resolve(1)
  await written
})
