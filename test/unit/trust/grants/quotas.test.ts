/** How often and how much at once a grant may be used, whoever passes it on to whom. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { GrantLimits } from '../../../../core/grant-words.ts'
import { createGrantQuotas } from '../../../../trust/grants/quotas.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup() {
  const clock = new ManualClock()
  return { clock, quotas: createGrantQuotas({ clock }) }
}

function grant(...links: readonly [id: string, limits: GrantLimits][]) {
  return { links: links.map(([id, limits]) => ({ id, limits, issuer: '12D3KooWOwner' })) }
}

function refusal(reason: string, retryAfterMs: number) {
  return expect.objectContaining({ code: 'OVERLOADED', details: { reason, retryAfterMs } })
}

test('so many a minute and no more, and it is told when there will be another', async () => {
  const { clock, quotas } = setup()
  const often = grant(['a', { rate: 2 }])
  quotas.take(often).end()
  quotas.take(often).end()
  expect(() => quotas.take(often)).toThrow(refusal('rate', 30_000))
  await clock.advance(29_999)
  expect(() => quotas.take(often)).toThrow(refusal('rate', 1))
  await clock.advance(1)
  quotas.take(often).end()
  expect(() => quotas.take(often)).toThrow(refusal('rate', 30_000))
  await clock.advance(3_600_000)
  quotas.take(often).end()
  quotas.take(often).end()
  expect(() => quotas.take(often)).toThrow(refusal('rate', 30_000))
})

test('so many at once, until one of them has ended, however often that is said', () => {
  const { quotas } = setup()
  const two = grant(['a', { concurrency: 2 }])
  const first = quotas.take(two)
  quotas.take(two)
  expect(() => quotas.take(two)).toThrow(refusal('concurrency', 1000))
  first.end()
  first.end()
  quotas.take(two)
  expect(() => quotas.take(two)).toThrow(refusal('concurrency', 1000))
})

test('what came to nothing does not count', () => {
  const { quotas } = setup()
  const once = grant(['a', { rate: 1, concurrency: 1 }])
  quotas.take(once).undo()
  quotas.take(once).end()
  expect(() => quotas.take(once)).toThrow(refusal('rate', 60_000))
})

test('parts of a grant passed on to many are not more than the whole', () => {
  const { quotas } = setup()
  const root = ['root', { rate: 3 }] as const
  const parts = ['b', 'c'].map((id) => grant([...root], [id, { rate: 2 }]))
  for (const part of [0, 1, 0]) quotas.take(parts[part] ?? grant()).end()
  for (const part of parts) expect(() => quotas.take(part)).toThrow(refusal('rate', 20_000))
})

test('a grant without such bounds is not counted, and grants without end take no more room', () => {
  const { quotas } = setup()
  for (let n = 0; n < 10_000; n += 1) quotas.take(grant([`free${n}`, {}]))
  const most = LIMITS.grantsCounted.value
  const busy = quotas.take(grant(['busy', { concurrency: 1 }]))
  for (let n = 0; n < 2 * most; n += 1) quotas.take(grant([`idle${n}`, { rate: 5 }])).end()
  expect(() => quotas.take(grant(['busy', { concurrency: 1 }]))).toThrow(
    refusal('concurrency', 1000)
  )
  busy.end()
  for (let n = 0; n < most; n += 1) quotas.take(grant([`busy${n}`, { concurrency: 1 }]))
  expect(() => quotas.take(grant(['last', { concurrency: 1 }]))).toThrow(refusal('grants', 1000))
})

test('a part that has the id of the whole counts for itself, and the whole as well', () => {
  const { quotas } = setup()
  const whole = { id: 'a', issuer: '12D3KooWOwner', limits: { rate: 1 } }
  const part = { id: 'a', issuer: '12D3KooWGuest', limits: {} }
  quotas.take({ links: [whole, part] })
  expect(() => quotas.take({ links: [whole, part] })).toThrow(refusal('rate', 60_000))
  quotas.take({ links: [{ ...part, limits: { rate: 5 } }] })
})
