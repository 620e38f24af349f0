import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { createBatches } from '../../../storage/batches.ts'
import type { DropOperation, LineOperation } from '../../../storage/batches.ts'
import type { Operation } from '../../../storage/store.ts'

function put(key: string): Operation {
  return { type: 'put', key, value: Buffer.from(key) }
}

function line(key: string, text: string): LineOperation {
  return { type: 'line', key, line: text }
}

function drop(key: string): DropOperation {
  return { type: 'drop', key }
}

/** A journal whose writes the test lets through one by one. */
function setup() {
  const writes: {
    keys: string[]
    values: (string | undefined)[]
    sync: boolean
    gate: PromiseWithResolvers<number>
  }[] = []
  const batches = createBatches({
    append(_, { operations = [], sync }) {
      const gate = Promise.withResolvers<number>()
      const values = operations.map((one) =>
        one.type === 'put' ? Buffer.from(one.value).toString() : undefined
      )
      writes.push({ keys: operations.map(({ key }) => key), values, sync, gate })
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

test('a record that fails takes with it what waits behind it, which may go on from it, and nothing later', async () => {
  const { batches, writes } = setup()
  const lost = batches.write([put('a')], true)
  await turn()
  const behind = batches.write([put('b')], true)
  writes[0]?.gate.reject(new LumosError('STORE_FULL', { details: { path: '/' } }))
  await expect(lost).rejects.toMatchObject({ code: 'STORE_FULL' })
  await expect(behind).rejects.toMatchObject({ code: 'STORE_FULL' })
  const later = batches.write([put('c')], true)
  await turn()
  writes[1]?.gate.resolve(2)
  await later
  expect(writes.map(({ keys }) => keys)).toEqual([['a'], ['c']])
})

test('when a write is too much, a small one behind it is refused as well, until there is room', async () => {
  const { batches, writes } = setup()
  const block = 'x'.repeat(LIMITS.storeQueueBytes.value / 4 - 1024)
  const taken = [1, 2, 3, 4].map((n) => batches.write([line(`log/${n}`, block)], false))
  // The first is on its way and counts no more.
  await turn()
  taken.push(batches.write([put('a')], false))
  const end = (): Promise<void> => batches.write([put('end')], false)
  const refused = [batches.write([line('log/5', `${block}${block}`)], false), end()]
  const busy = { status: 'rejected', reason: { code: 'STORE_BUSY' } }
  expect(await Promise.allSettled(refused)).toMatchObject([busy, busy])
  for (const index of [0, 1]) {
    writes[index]?.gate.resolve(1)
    await taken[index]
    await turn()
  }
  taken.push(end())
  for (const index of [2, 3, 4]) {
    writes[index]?.gate.resolve(1)
    await turn()
    await turn()
  }
  await Promise.all(taken)
})

test('a put is taken back as long as it waits, and deleted later', async () => {
  const { batches, writes } = setup()
  const written = [
    batches.write([put('a'), put('b')], true),
    batches.write([drop('a'), drop('never put')], true)
  ]
  await turn()
  expect(writes[0]?.keys).toEqual(['b', 'never put'])
  const later = batches.write([drop('b')], true)
  writes[0]?.gate.resolve(1)
  await Promise.all(written)
  await turn()
  expect(writes[1]).toMatchObject({ keys: ['b'], values: [undefined] })
  writes[1]?.gate.resolve(2)
  await later
})

test('a write that is refused takes nothing back', async () => {
  const { batches, writes } = setup()
  const first = batches.write([put('open')], true)
  const block = 'x'.repeat(LIMITS.storeQueueBytes.value)
  const refused = batches.write([drop('open'), line('log/1', block)], true)
  await expect(refused).rejects.toMatchObject({ code: 'STORE_BUSY' })
  await turn()
  expect(writes[0]).toMatchObject({ keys: ['open'], values: ['open'] })
  writes[0]?.gate.resolve(1)
  await first
})

test('lines for one key become one value, as long as it waits in the record that is open', async () => {
  const { batches, writes } = setup()
  const written = [
    batches.write([line('log/1', 'first')], false),
    batches.write([put('b'), line('log/1', 'second')], false)
  ]
  expect(batches.gathers('log/1')).toBe(true)
  expect(batches.gathers('b')).toBe(false)
  await turn()
  expect(batches.gathers('log/1')).toBe(false)
  expect(writes[0]?.keys).toEqual(['log/1', 'b'])
  expect(writes[0]?.values[0]).toBe('first\nsecond')
  writes[0]?.gate.resolve(1)
  await Promise.all(written)
})

test('a record that is large enough is closed: what comes later goes into the next one', async () => {
  const { batches, writes } = setup()
  const large = 'x'.repeat(256 * 1024)
  const first = batches.write([line('log/1', large), put('open')], true)
  expect(batches.gathers('log/1')).toBe(false)
  const second = batches.write([put('b'), drop('open')], false)
  await turn()
  expect(writes).toMatchObject([{ keys: ['log/1', 'open'], sync: true }])
  writes[0]?.gate.resolve(1)
  await first
  await turn()
  expect(writes[1]).toMatchObject({ keys: ['b', 'open'], values: ['b', undefined], sync: false })
  writes[1]?.gate.resolve(2)
  await second
})

test('more than the queue holds is refused at once', async () => {
  const { batches, writes } = setup()
  const block = 'x'.repeat(LIMITS.storeQueueBytes.value / 2 - 1)
  const written = [
    batches.write([line('a', block)], false),
    batches.write([line('b', block)], true)
  ]
  await expect(batches.write([put('c')], true)).rejects.toMatchObject({
    code: 'STORE_BUSY',
    details: { waiting: 2 }
  })
  for (let index = 0; index < 2; index += 1) {
    await turn()
    writes[index]?.gate.resolve(index)
  }
  await Promise.all(written)
  const after = batches.write([put('c')], true)
  await turn()
  writes[2]?.gate.resolve(2)
  await after
})
