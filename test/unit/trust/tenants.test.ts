/** What a tenant may use and see: what is said of it, and nothing that is said of another. */
import { expect, test } from 'vitest'
import { createTenants } from '../../../trust/tenants.ts'

const QUOTAS = { rate: 1, burst: 1, concurrency: 1, streams: 1, storageBytes: 1 }

const tenants = createTenants({
  quotas: QUOTAS,
  tenants: {
    acme: { agents: ['echo', 'sales-*', 'a.b'], spaces: ['acme'], concurrency: 5 },
    quiet: {}
  }
})

test('what is not said of a tenant is what all have', () => {
  expect(tenants.quotasOf('tenant:acme')).toEqual({ ...QUOTAS, concurrency: 5 })
  for (const owner of ['tenant:quiet', 'tenant:unknown', 'http:a1', 'http:acme']) {
    expect(tenants.quotasOf(owner)).toEqual(QUOTAS)
  }
})

test('agents are known by their names, wherever they are; `*` is any letters, and nothing else is', () => {
  const known = ['echo', 'echo@birch', 'sales-eu', 'sales-', 'a.b']
  const unknown = ['echo2', 'secho', 'presales-eu', 'aXb', '', 'clock@echo']
  for (const agent of known)
    expect([agent, tenants.knows('tenant:acme', agent)]).toEqual([agent, true])
  for (const agent of unknown) {
    expect([agent, tenants.knows('tenant:acme', agent)]).toEqual([agent, false])
  }
  for (const owner of ['tenant:quiet', 'http:a1']) expect(tenants.knows(owner, 'clock')).toBe(true)
})

function reaches(owner: string): string[] {
  return ['acme', 'shared'].filter((one) => tenants.reaches(owner, one))
}

test('a tenant reaches the spaces that are said, and one of which nothing is said none', () => {
  expect(reaches('tenant:acme')).toEqual(['acme'])
  expect(reaches('tenant:quiet')).toEqual([])
  expect(reaches('tenant:unknown')).toEqual([])
  expect(reaches('http:a1')).toEqual(['acme', 'shared'])
})
