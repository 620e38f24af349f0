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
  'cuda-version': '12.8',
  'api-version': 'latest',
  owner: 'Jane Doe',
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
  ['version>2', false],
  ['version=1.10', true],
  ['version=1.9', false],
  ['version=^1.2', true],
  ['version=^2', false],
  ['version=~1.10.1', true],
  ['version=1.x || 3', true],
  ['version!=^1.2', false],
  ['version>=1.2 <2', true],
  ['version>=1.2 <1.10', false],
  ['cuda-version>=12', true],
  ['cuda-version>=12.9', false],
  ['api-version=latest', true],
  ['region=eu', true],
  ['model=llama3.2:3b', true],
  ['owner=Jane Doe', true],
  ['owner = jane doe', true],
  ['GPU', true],
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

test('a value with spaces is quoted in a query, and means the same there', () => {
  const demands = ['owner=Jane Doe', 'version>=1.2 <2', 'gpu'].map((text) => parseDemand(text))
  const written = demands.map((demand) => (demand === undefined ? '' : formatDemand(demand)))
  expect(written).toEqual(['owner="Jane Doe"', 'version>="1.2 <2"', 'gpu=true'])
  const query = splitDemands(`caption ${written.join(' ')} of "a picture"`)
  expect(query).toEqual({ text: 'caption of "a picture"', demands })
})

test('in a query, a demand that nobody can meet is one all the same', () => {
  const { text, demands } = splitDemands('caption region<us')
  expect(text).toBe('caption')
  expect(meets(AGENT, demands)).toBe(false)
})

test.each([
  '',
  '=x',
  'x=',
  'x==y',
  'a b',
  '9=x',
  'x=y=z',
  'region<us',
  'price<0.01 gpu',
  'version>=new',
  `x=${'y'.repeat(65)}`
])('no demand: "%s"', (text) => {
  expect(parseDemand(text)).toBeUndefined()
})

test('a version before its release meets only demands that name one', () => {
  const early = { version: '2.0.0-rc.1' }
  const met = ['version>=1', 'version=2', 'version>=2.0.0-rc.0'].map((text) => {
    const demand = parseDemand(text)
    return demand !== undefined && meets(early, [demand])
  })
  expect(met).toEqual([false, false, true])
})

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
