import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  asAttributes,
  asDemands,
  formatDemand,
  meets,
  parseDemand,
  splitDemands
} from '../../../core/attributes.ts'
import type { Attributes } from '../../../core/attributes.ts'

const AGENT: Attributes = {
  gpu: true,
  lang: ['de', 'en'],
  price: 0.005,
  region: 'eu',
  version: '1.10.2',
  model: 'llama3.2:3b'
}

test.each([
  ['gpu', true],
  ['gpu=true', true],
  ['gpu=false', false],
  ['lang=de', true],
  ['lang=DE', true],
  ['lang=fr', false],
  ['lang!=fr', true],
  ['lang!=de', false],
  ['price<0.01', true],
  ['price<=0.005', true],
  ['price>0.005', false],
  ['price=5e-3', true],
  ['version>=1.9', true],
  ['version<1.10.3', true],
  ['version=1.10.2.0', true],
  ['version>2', false],
  ['region=eu', true],
  ['region<us', false],
  ['model=llama3.2:3b', true],
  ['colour=red', false],
  ['colour!=red', true],
  ['constructor!=x', true],
  ['constructor', false]
])('%s is met: %s', (text, met) => {
  const demand = parseDemand(text)
  expect(demand === undefined ? undefined : meets(AGENT, [demand])).toBe(met)
})

test('a query holds demands and text in any order', () => {
  const { text, demands } = splitDemands(' lang=de  summarize a long   text price<0.01 ')
  expect(text).toBe('summarize a long text')
  expect(demands.map(formatDemand)).toEqual(['lang=de', 'price<0.01'])
  expect(splitDemands('what is 1 < 2')).toEqual({ text: 'what is 1 < 2', demands: [] })
})

test.each(['', '=x', 'x=', 'x==y', 'a b', '9=x', 'x=y=z', `x=${'y'.repeat(65)}`])(
  'no demand: "%s"',
  (text) => {
    expect(parseDemand(text)).toBeUndefined()
  }
)

test('of two numbers exactly one of less, equal and more is met', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      (own, wanted) => {
        const met = ['<', '=', '>'].filter((operator) => {
          const demand = parseDemand(`n${operator}${wanted}`)
          return demand !== undefined && meets({ n: own }, [demand])
        })
        expect(met).toHaveLength(1)
      }
    )
  )
})

test('of what a stranger wrote only what is an attribute is left', () => {
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, true]))
  expect(Object.keys(asAttributes(wide))).toHaveLength(32)
  const strange = {
    'no name': 1,
    deep: { a: 1 },
    long: 'x'.repeat(65),
    nan: NaN,
    list: [1],
    ok: ['a']
  }
  expect(asAttributes(strange)).toEqual({ ok: ['a'] })
  for (const nothing of [null, 'gpu', 7, []]) expect(asAttributes(nothing)).toEqual({})
})

test('a demand that nobody understands is met by nobody', () => {
  expect(meets(AGENT, asDemands(['gpu', '??']))).toBe(false)
  expect(meets(AGENT, asDemands([7]))).toBe(false)
  expect(meets(AGENT, asDemands('gpu'))).toBe(true)
})
