/** How much one caller over HTTP may ask: to the last request, and nobody else notices. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHttpQuotas } from '../../../../gateway/http/quotas.ts'
import { createTenants } from '../../../../trust/tenants.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const QUOTAS = { rate: 2, burst: 3, concurrency: 1, streams: 2, storageBytes: 1 }

function setup() {
  const clock = new ManualClock()
  const counted: string[] = []
  const quotas = createHttpQuotas({
    clock,
    accounts: {
      asked: (owner) => void counted.push(`asked ${owner}`),
      refused: (owner) => void counted.push(`refused ${owner}`)
    },
    tenants: createTenants({ quotas: QUOTAS, tenants: { big: { burst: 100 } } })
  })
  /** How many of `count` requests are let in. */
  const ask = (owner: string, count: number): number => {
    let passed = 0
    for (let each = 0; each < count; each += 1) if (!refusedBy(() => quotas.ask(owner))) passed += 1
    return passed
  }
  return { clock, quotas, counted, ask }
}

function refusedBy(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

test('the burst is let in, the next one is told when to come again, and then is let in', () => {
  const { clock, quotas, counted } = setup()
  for (let each = 0; each < 3; each += 1) quotas.ask('tenant:acme')
  expect(refusedBy(() => quotas.ask('tenant:acme'))).toMatchObject({
    code: 'QUOTA_EXCEEDED',
    details: { quota: 'rate', limit: 2, retryAfterMs: 500 }
  })
  clock.jump(499)
  expect(refusedBy(() => quotas.ask('tenant:acme'))).toBeDefined()
  clock.jump(1)
  expect(refusedBy(() => quotas.ask('tenant:acme'))).toBeUndefined()
  expect(counted.filter((one) => one === 'refused tenant:acme')).toHaveLength(2)
})

test('a tenant has its own quotas where they are said, and those of all for the rest', () => {
  const { ask, quotas } = setup()
  expect([ask('tenant:big', 200), ask('http:a1', 200)]).toEqual([100, 3])
  quotas.answer('tenant:big')
  quotas.answer('tenant:big')
  expect(refusedBy(() => quotas.answer('tenant:big'))).toMatchObject({
    details: { quota: 'streams', limit: 2 }
  })
})

test('an answer that has ended makes room for another', () => {
  const { quotas } = setup()
  const ends = [quotas.answer('http:a1'), quotas.answer('http:a1')]
  expect(refusedBy(() => quotas.answer('http:a1'))).toBeDefined()
  ends[0]?.()
  expect(refusedBy(() => quotas.answer('http:a1'))).toBeUndefined()
})

test('whatever others ask, each one has what is its own', () => {
  const flood = fc.array(fc.constantFrom('tenant:b', 'http:c', 'tenant:acme/'), { maxLength: 50 })
  fc.assert(
    fc.property(flood, (others) => {
      const { ask, quotas } = setup()
      for (const other of others) refusedBy(() => [quotas.ask(other), quotas.answer(other)])
      expect(ask('tenant:acme', 5)).toBe(3)
    })
  )
})
