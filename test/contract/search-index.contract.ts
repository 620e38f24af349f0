/** What every search index must do, whatever it compares. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FindOptions, SearchIndex } from '../../memory/search/search-index.ts'

export interface SearchIndexContract<Content> {
  readonly create: () => SearchIndex<Content>
  readonly open: (bytes: Uint8Array) => SearchIndex<Content>
  readonly content: fc.Arbitrary<Content>
  /** Keys that a look at everything finds for `wanted`, in any order, as if there were no limit. */
  readonly scan: (all: ReadonlyMap<string, Content>, wanted: Content) => readonly string[]
}

type Step<Content> =
  | { readonly put: string; readonly content: Content }
  | { readonly delete: string }
  | 'reopen'

const KEYS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'ab/1']
const EVERYTHING: FindOptions = { limit: 1000 }

/** Declares the tests; to be called within a `describe`. */
export function searchIndexContract<Content>(contract: SearchIndexContract<Content>): void {
  const walks = walksOf(contract)
  findingTests(contract, walks)
  orderTests(contract, walks)
}

interface Walk<Content> {
  readonly index: SearchIndex<Content>
  readonly all: ReadonlyMap<string, Content>
}

/** Indexes with a past, and beside each what it must hold. */
function walksOf<Content>({
  create,
  open,
  content
}: SearchIndexContract<Content>): fc.Arbitrary<Walk<Content>> {
  const step: fc.Arbitrary<Step<Content>> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ put: fc.constantFrom(...KEYS), content }) },
    { weight: 2, arbitrary: fc.record({ delete: fc.constantFrom(...KEYS) }) },
    { weight: 1, arbitrary: fc.constant('reopen' as const) }
  )
  return fc.array(step, { maxLength: 40 }).map((steps) => {
    let index = create()
    const all = new Map<string, Content>()
    for (const one of steps) {
      if (one === 'reopen') index = open(index.save())
      else if ('put' in one) {
        index.put(one.put, one.content)
        all.set(one.put, one.content)
      } else {
        index.delete(one.delete)
        all.delete(one.delete)
      }
    }
    return { index, all }
  })
}

function findingTests<Content>(
  { content, scan }: SearchIndexContract<Content>,
  walks: fc.Arbitrary<Walk<Content>>
): void {
  test('finds what a look at everything finds, after whatever was put, deleted and reopened', () => {
    fc.assert(
      fc.property(walks, content, ({ index, all }, wanted) => {
        const found = index.find(wanted, EVERYTHING).map(({ key }) => key)
        expect(found.toSorted()).toEqual(scan(all, wanted).toSorted())
        expect(index.count).toBe(all.size)
      }),
      { seed: 4 }
    )
  })

  test('a prefix leaves out keys that do not begin with it, and a limit the worst hits', () => {
    fc.assert(
      fc.property(walks, content, fc.nat(KEYS.length), ({ index, all }, wanted, limit) => {
        const below = new Map([...all].filter(([key]) => key.startsWith('a/')))
        const whole = index.find(wanted, { prefix: 'a/', limit: 1000 })
        expect(whole.map(({ key }) => key).toSorted()).toEqual(scan(below, wanted).toSorted())
        expect(index.find(wanted, { prefix: 'a/', limit: limit + 1 })).toEqual(
          whole.slice(0, limit + 1)
        )
      }),
      { seed: 4 }
    )
  })
}

function orderTests<Content>(
  { content }: SearchIndexContract<Content>,
  walks: fc.Arbitrary<Walk<Content>>
): void {
  test('scores fall, and equal scores stand in the order of their keys', () => {
    fc.assert(
      fc.property(walks, content, ({ index }, wanted) => {
        const hits = index.find(wanted, EVERYTHING)
        for (const [at, { key, score }] of hits.entries()) {
          const next = hits[at + 1]
          if (next === undefined) return
          expect(next.score < score || (next.score === score && next.key > key)).toBe(true)
        }
      }),
      { seed: 4 }
    )
  })

  test('what is gone takes no room', () => {
    fc.assert(
      fc.property(walks, ({ index, all }) => {
        for (const key of all.keys()) index.delete(key)
        expect([index.count, index.size]).toEqual([0, 0])
      }),
      { seed: 4 }
    )
  })
}
