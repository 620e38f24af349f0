/** `lumos usage`: who used what, from a day on. */
import { expect, test } from 'vitest'
import type { UsageQuery } from '../../../client/usage-api.ts'
import { USAGE_DAY } from '../../support/auth-operations.ts'
import { createTestCli } from '../../support/cli.ts'

test('a line a day says who asked how much, and what came of it', async () => {
  const { out, err } = await (await createTestCli({})).run(['usage'])
  expect(err).toBe('')
  const [head = '', line = ''] = out.split('\n')
  const titles = head.trim().split(/ +/)
  const cells = line.trim().split(/ {2,}/)
  expect(Object.fromEntries(titles.map((title, index) => [title, cells[index]]))).toMatchObject({
    DAY: '2026-01-02',
    WHO: 'acme',
    REQUESTS: '12',
    REFUSED: '1',
    DONE: '3',
    FAILED: '2',
    TOKENS: '42',
    COST: '$0.50'
  })
})

test('what is asked of the node is one tenant, from a day on', async () => {
  const asked: UsageQuery[] = []
  const cli = await createTestCli({
    usage: async (query) => {
      asked.push(query)
      return { v: 1, days: [{ ...USAGE_DAY, tenant: null, owner: 'http:a1' }] }
    }
  })
  const { out } = await cli.run(['usage', '--tenant', 'acme', '--since', '1d', '--json'])
  expect(JSON.parse(out)).toMatchObject({ v: 1, days: [{ owner: 'http:a1' }] })
  expect(asked).toEqual([{ tenant: 'acme', since: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) }])
  expect((await cli.run(['usage'])).out).toContain('http:a1')
})
