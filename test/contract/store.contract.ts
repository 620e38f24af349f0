/** What every Store must do, on disk or in memory. */
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { Entry, IterateOptions, KeyRange, Operation, Store } from '../../storage/store.ts'
import { compareKeys, prefixRange } from '../../storage/store.ts'

export interface StoreContract {
  /** An empty Store, called for each test. */
  readonly create: () => Promise<Store>
}

const NO_SYNC = { sync: false }

export function put(key: string, value = key): Operation {
  return { type: 'put', key, value: Buffer.from(value) }
}

export async function collect(
  store: Store,
  range: KeyRange = {},
  options: IterateOptions = {}
): Promise<(readonly [string, string])[]> {
  const found: (readonly [string, string])[] = []
  for await (const [key, value] of store.iterate(range, options)) {
    found.push([key, Buffer.from(value).toString()])
  }
  return found
}

async function keysOf(...parameters: Parameters<typeof collect>): Promise<string[]> {
  return (await collect(...parameters)).map(([key]) => key)
}

/** Declares the tests; to be called within a `describe`. */
export function storeContract(contract: StoreContract): void {
  valueTests(contract)
  iterationTests(contract)
  lifeTests(contract)
}

async function filled({ create }: StoreContract, ...keys: readonly string[]): Promise<Store> {
  const store = await create()
  onTestFinished(() => store.close())
  if (keys.length > 0) {
    await store.commit(
      keys.map((key) => put(key)),
      NO_SYNC
    )
  }
  return store
}

function valueTests(contract: StoreContract): void {
  test('gives back what was committed, and nothing for other keys', async () => {
    const store = await filled(contract, 'a', '')
    expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('a')
    expect((await store.get(''))?.length).toBe(0)
    expect(await store.get('b')).toBeUndefined()
    const many = await store.getMany(['b', 'a'])
    expect(many.map((value) => value && Buffer.from(value).toString())).toEqual([undefined, 'a'])
  })

  test('copies values: who keeps a buffer cannot change the database', async () => {
    const store = await filled(contract)
    const value = Buffer.from('before')
    const committed = store.commit([{ type: 'put', key: 'k', value }], NO_SYNC)
    value.write('change')
    await committed
    const read = (await store.get('k')) ?? new Uint8Array()
    read.fill(0)
    expect(await collect(store)).toEqual([['k', 'before']])
  })

  test('applies a batch in its order, with deletions', async () => {
    const store = await filled(contract, 'a', 'b')
    await store.commit(
      [{ type: 'del', key: 'a' }, put('b', '1'), put('b', '2'), { type: 'del', key: 'none' }],
      { sync: true }
    )
    expect(await collect(store)).toEqual([['b', '2']])
  })

  test('refuses keys that UTF-8 cannot hold', async () => {
    const store = await filled(contract)
    await expect(store.get('\uD800')).rejects.toThrow(TypeError)
    await expect(store.commit([put('\uDFFFx', '')], NO_SYNC)).rejects.toThrow(TypeError)
    await expect(collect(store, { gt: '\uD800' })).rejects.toThrow(TypeError)
  })
}

function iterationTests(contract: StoreContract): void {
  test('iterates within bounds, from either end, up to a limit', async () => {
    const store = await filled(contract, 'a', 'b', 'c', 'd')
    expect(await keysOf(store, { gte: 'b', lt: 'd' })).toEqual(['b', 'c'])
    expect(await keysOf(store, { gt: 'b' })).toEqual(['c', 'd'])
    expect(await keysOf(store, { lt: 'd' }, { reverse: true, limit: 2 })).toEqual(['c', 'b'])
    expect(await keysOf(store, { gte: 'x', lt: 'b' })).toEqual([])
    expect(await keysOf(store, {}, { limit: 0 })).toEqual([])
  })

  test('orders keys by their UTF-8 bytes, which is not the order of JavaScript', async () => {
    const store = await filled(contract, '\u{1F600}', '\uFF5E', 'z', 'é')
    expect(await keysOf(store)).toEqual(['z', 'é', '\uFF5E', '\u{1F600}'])
  })

  test('finds the keys of a prefix, those of the last characters too', async () => {
    const inside = ['p', 'p!', 'p\u{10FFFF}', 'p\u{10FFFF}\u{10FFFF}x']
    const store = await filled(contract, 'o', 'q', ...inside)
    expect(await keysOf(store, prefixRange('p'))).toEqual(inside)
    expect(await keysOf(store, prefixRange('p\u{10FFFF}'))).toEqual(inside.slice(2))
    expect(prefixRange('\uD7FF')).toEqual({ gte: '\uD7FF', lt: '\uE000' })
    expect(prefixRange('\u{10FFFF}')).toEqual({ gte: '\u{10FFFF}' })
  })

  test('walks over many pages while the database changes under it', async () => {
    const keys = Array.from({ length: 3000 }, (_, index) => String(index).padStart(6, '0'))
    const store = await filled(contract, ...keys)
    const seen: string[] = []
    for await (const [key] of store.iterate({})) {
      if (seen.length === 10) await store.commit([{ type: 'del', key: '002999' }], NO_SYNC)
      seen.push(key)
    }
    expect(seen).toEqual(keys.slice(0, -1))
  })
}

function lifeTests(contract: StoreContract): void {
  test('refuses everything once it is closed, and closes twice', async () => {
    const store = await contract.create()
    await store.close()
    await store.close()
    const closed = { code: 'STORE_CLOSED' }
    await expect(store.get('a')).rejects.toMatchObject(closed)
    await expect(store.getMany(['a'])).rejects.toMatchObject(closed)
    await expect(store.commit([put('a')], NO_SYNC)).rejects.toMatchObject(closed)
    await expect(collect(store)).rejects.toMatchObject(closed)
    await expect(store.recover()).rejects.toMatchObject(closed)
  })

  test('recovers without harm when nothing was wrong', async () => {
    const store = await filled(contract, 'a')
    const [value] = await Promise.all([store.get('a'), store.recover(), store.get('a')])
    expect(value).toBeDefined()
    await store.commit([put('b')], { sync: true })
    expect(await keysOf(store)).toEqual(['a', 'b'])
  })

  test('agrees with a plain sorted list on random batches and ranges', async () => {
    const random = fc.assert(
      fc.asyncProperty(commits, ranges, (batches, queries) => agrees(contract, [batches, queries])),
      { numRuns: 40 }
    )
    await expect(random).resolves.toBeUndefined()
  })
}

async function agrees(
  contract: StoreContract,
  [batches, queries]: readonly [
    readonly (readonly Operation[])[],
    readonly (readonly [KeyRange, IterateOptions])[]
  ]
): Promise<void> {
  const store = await contract.create()
  try {
    const model = new Map<string, Uint8Array>()
    for (const batch of batches) {
      await store.commit(batch, NO_SYNC)
      for (const operation of batch) {
        if (operation.type === 'put') model.set(operation.key, operation.value)
        else model.delete(operation.key)
      }
    }
    for (const [range, options] of queries) {
      const expected = query(model, range, options)
      expect(await collect(store, range, options)).toEqual(expected)
    }
  } finally {
    await store.close()
  }
}

function query(
  model: ReadonlyMap<string, Uint8Array>,
  { gte, gt, lt }: KeyRange,
  { limit = Infinity, reverse = false }: IterateOptions
): (readonly [string, string])[] {
  const sorted: Entry[] = [...model].toSorted(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b))
  )
  const inside = sorted.filter(
    ([key]) =>
      (gte === undefined || compareKeys(key, gte) >= 0) &&
      (gt === undefined || compareKeys(key, gt) > 0) &&
      (lt === undefined || compareKeys(key, lt) < 0)
  )
  return (reverse ? inside.toReversed() : inside)
    .slice(0, limit)
    .map(([key, value]) => [key, Buffer.from(value).toString()])
}

/** Few letters, so that keys meet; the last two sort otherwise in JavaScript than in UTF-8. */
const key = fc.string({
  unit: fc.constantFrom('a', 'b', '\0', '\uFF5E', '\u{1F600}'),
  maxLength: 4
})
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    key,
    value: fc.string({ maxLength: 8 }).map((text) => Buffer.from(text))
  }),
  fc.record({ type: fc.constant('del' as const), key })
)
const commits = fc.array(fc.array(operation, { maxLength: 20 }), { maxLength: 6 })
const ranges = fc.array(
  fc.tuple(
    fc.record({ gte: key, gt: key, lt: key }, { requiredKeys: [] }),
    fc.record({ limit: fc.nat(8), reverse: fc.boolean() }, { requiredKeys: [] })
  ),
  { minLength: 1, maxLength: 6 }
)
