/** Queries of JSON and tables, in the real process that runs them. */
import { afterAll, expect, test } from 'vitest'
import { createDataTools } from '../../../../../agents/tools/builtin/data/data-tools.ts'
import { createTransformer } from '../../../../../agents/tools/builtin/data/transformer.ts'
import { systemClock } from '../../../../../core/clock.ts'
import type { Clock } from '../../../../../core/clock.ts'
import type { Json } from '../../../../../core/json.ts'
import { LIMITS } from '../../../../../core/limits.ts'
import { toolContext } from '../../../../support/tool-context.ts'

// One for all, as on a node: starting a process for each test would be most of their time.
/** Gives up on a query sooner than a node does: waiting proves nothing. */
const hasty: Clock = { ...systemClock, timeout: (ms) => systemClock.timeout(ms / 5) }
const transformer = createTransformer({ clock: hasty })
const tools = createDataTools(transformer)
afterAll(() => transformer.stop())

async function call(id: string, input: unknown): Promise<Json> {
  const found = tools.find((tool) => tool.id === id)
  if (found === undefined) throw new TypeError(id)
  return found.execute(await found.parse(input), toolContext())
}

const json = (input: unknown): Promise<Json> => call('json_query', input)
const csv = (input: unknown): Promise<Json> => call('csv_query', input)

const SALES = `city,item,price,sold
Rome,apple,1.5,2026-01-03
Oslo,pear,2,2026-01-02
Rome,pear,,2026-01-01
"Den Haag",apple,10,2026-01-04
`

test('JSON is picked, filtered and reshaped', async () => {
  const data = {
    people: [
      { name: 'a', age: 31 },
      { name: 'b', age: 20 }
    ]
  }
  expect(await json({ data, query: 'people[?age > `30`].name' })).toEqual(['a'])
  expect(await json({ text: JSON.stringify(data), query: 'length(people)' })).toBe(2)
  expect(await json({ data, query: 'nothing.here' })).toBeNull()
})

test.for([
  [{ data: {}, query: 'a[' }, /TOOL_INPUT|Syntax|Unexpected|Expected/],
  [{ text: '{"a":', query: 'a' }, /this is no JSON/],
  [{ query: 'a' }, /one of data or text is needed/],
  [{ data: 1, text: '1', query: 'a' }, /only one/],
  [{ data: {}, query: '' }, /query/]
] as const)('what is wrong with a query is told in words: case %#', async ([input, reason]) => {
  await expect(json(input)).rejects.toMatchObject({ code: 'TOOL_INPUT' })
  await expect(json(input)).rejects.toThrow(reason)
})

test('rows are filtered, sorted, cut and become JSON with numbers', async () => {
  expect(
    await csv({
      csv: SALES,
      where: [{ column: 'city', is: '!=', value: 'Oslo' }],
      sort: [{ column: 'price', descending: true }],
      select: ['city', 'price'],
      limit: 3
    })
  ).toEqual({
    columns: ['city', 'price'],
    total: 3,
    rows: [
      { city: 'Den Haag', price: 10 },
      { city: 'Rome', price: 1.5 },
      { city: 'Rome', price: null }
    ]
  })
})

test('groups are counted and summed up, and leave as CSV', async () => {
  expect(
    await csv({
      csv: SALES,
      groupBy: ['city'],
      aggregate: [{ fn: 'count' }, { fn: 'sum', column: 'price', as: 'turnover' }],
      sort: [{ column: 'turnover' }],
      to: 'csv'
    })
  ).toEqual({
    columns: ['city', 'count', 'turnover'],
    total: 3,
    csv: 'city,count,turnover\nRome,2,1.5\nOslo,1,2\nDen Haag,1,10\n'
  })
})

test('what CSV is made of comes back as it was', async () => {
  const rows = [
    { id: '007', text: 'a "b", c\nd', constructor: 'x', big: '12345678901234567890' },
    { id: '8', text: ' blank ', constructor: '', big: '' }
  ]
  const answer = await csv({ rows, to: 'csv' })
  const { csv: text } = answer as { csv: string }
  expect(await csv({ csv: text })).toMatchObject({ rows })
})

test.for([
  ['a;b\n1,5;2', { a: '1,5', b: 2 }],
  ['a\tb\nx\ty', { a: 'x', b: 'y' }],
  ['\u{FEFF}a|a|\n1|2|3', { a: 1, a_2: 2, column_3: 3 }],
  ['only\n7', { only: 7 }],
  ['a,b\n1', { a: 1, b: '' }],
  ['__proto__,b\n1,2', JSON.parse('{"__proto__":1,"b":2}')]
] as const)('CSV is read as the world writes it: %j', async ([text, row]) => {
  expect(await csv({ csv: text })).toEqual({ columns: expect.anything(), total: 1, rows: [row] })
})

test('all rows are one group when none is named, and there may be none', async () => {
  const aggregate = [
    { fn: 'count' },
    { fn: 'median', column: 'n' },
    { fn: 'average', column: 'n' },
    { fn: 'max', column: 'n' }
  ]
  expect(await csv({ csv: 'n\n1\n2\n10\n', aggregate })).toMatchObject({
    rows: [{ count: 3, median_n: 2, average_n: 4.33333333333333, max_n: 10 }]
  })
  const where = [{ column: 'n', is: '>', value: 99 }]
  expect(await csv({ csv: 'n\n1\n', aggregate, where })).toMatchObject({ rows: [{ count: 0 }] })
})

test.for([
  [{ csv: SALES, select: ['town'] }, /no column "town", only: city, item/],
  [{ csv: 'a\n"1', where: [] }, /Quote/i],
  [{ csv: SALES, aggregate: [{ fn: 'sum' }] }, /sum needs a column/],
  [{ csv: 'a', rows: [] }, /only one/]
] as const)('what is wrong with a table is told in words: case %#', async ([input, reason]) => {
  await expect(csv(input)).rejects.toThrow(reason)
})

test('a result that nobody could use is refused, and so is more data than may be', async () => {
  const text = 'x'.repeat(LIMITS.transformResult.value)
  await expect(json({ data: text, query: '@' })).rejects.toThrow(/select less/)
  await expect(
    json({ text: 'x'.repeat(LIMITS.transformInput.value + 1), query: '@' })
  ).rejects.toThrow(/at most/)
})

/** How often the event loop came round while `work` was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let over = false
  const end = work.finally(() => {
    over = true
  })
  const turn = (): void => {
    turns += 1
    if (!over) setImmediate(turn)
  }
  turn()
  await end
  return turns
}

// Any of these, in the node's own process, would stop it for seconds or end it.
test('what was made to take for ever stalls nobody, and the next query is answered', async () => {
  const attacks = [
    { query: "pad_left('x', `500000000`)", data: null, reason: /longer than 3 s|memory/ },
    { query: '['.repeat(50_000), data: null, reason: /call stack|Unexpected|Invalid|token/ }
  ]
  for (const { reason, ...attack } of attacks) {
    const outcome = json(attack).catch((error: unknown) => error)
    expect(await turnsDuring(outcome)).toBeGreaterThan(20)
    expect(String(await outcome)).toMatch(reason)
  }
  expect(await json({ data: [1], query: '[0]' })).toBe(1)
}, 30_000)
