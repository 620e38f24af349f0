/** Who may do what: every cell of the table, and what grants add to it. */
import { expect, test } from 'vitest'
import { GRANT_ACTIONS } from '../../../core/grant-words.ts'
import type { VerifiedGrant } from '../../../trust/grants/verify.ts'
import { OPERATION_LIST, operationOf } from '../../../trust/operations.ts'
import { decide } from '../../../trust/policy.ts'
import { ROLES } from '../../../trust/roles.ts'

const INIT = { self: '12D3KooWSelf', swarm: 'abcd', now: 1000 }
const PEER = '12D3KooWPeer'

function grant(init: Partial<VerifiedGrant> = {}): VerifiedGrant {
  return {
    id: '1'.repeat(32),
    links: [{ id: '1'.repeat(32), issuer: '12D3KooWOwner', issuedAt: 0, limits: {} }],
    holder: PEER,
    with: 'swarm:abcd',
    can: ['task/send'],
    limits: {},
    expiresAt: 2000,
    ...init
  }
}

const CELLS = OPERATION_LIST.flatMap(({ name, roles, anybody = false, grant: action }) =>
  [...ROLES, undefined].map((role) => ({
    name,
    role,
    action,
    allowed: anybody || (role !== undefined && roles.includes(role))
  }))
)

test.for(CELLS)('$name by $role: $allowed', ({ name, role, action, allowed }) => {
  const asker = { peer: PEER, role, grants: [] }
  expect(decide(asker, { operation: name }, INIT).allowed).toBe(allowed)
  const granted = action === undefined ? [] : [grant({ can: [action] })]
  const withGrant = decide({ ...asker, grants: granted }, { operation: name }, INIT)
  expect(withGrant.allowed).toBe(allowed || action !== undefined)
})

test('no word of a grant is without meaning', () => {
  const meant = new Set(OPERATION_LIST.map((row) => row.grant).filter((word) => word !== undefined))
  expect([...meant].toSorted()).toEqual(GRANT_ACTIONS.toSorted())
})

test('every method belongs to one operation', () => {
  const methods = OPERATION_LIST.flatMap((row) => row.methods)
  expect(new Set(methods).size).toBe(methods.length)
  for (const { name, methods: own } of OPERATION_LIST)
    expect(own.map(operationOf)).toEqual(own.map(() => name))
  expect(operationOf('node.format')).toBeUndefined()
})

test.each<[string, Partial<VerifiedGrant>]>([
  ['another peer', { holder: '12D3KooWThief' }],
  ['another swarm', { with: 'swarm:ef01' }],
  ['another node', { with: 'node:12D3KooWOther' }],
  ['the past', { expiresAt: 1000 }],
  ['something else', { can: ['memory/read'] }]
])('a grant for %s does not help', (_, other) => {
  const asker = { peer: PEER, role: undefined, grants: [grant(other)] }
  expect(decide(asker, { operation: 'task.send' }, INIT)).toEqual({
    allowed: false,
    reason: 'no-member'
  })
})

function taskFor(skill: string) {
  return { operation: 'task.send' as const, skills: [skill] }
}

test('of several grants the one counts that names the skill', () => {
  const search = grant({ id: '2'.repeat(32), limits: { skills: ['search'] } })
  const translate = grant({ id: '3'.repeat(32), limits: { skills: ['translate.*'] } })
  const asker = { peer: PEER, role: 'relay' as const, grants: [search, translate] }
  expect(decide(asker, taskFor('translate.de'), INIT)).toMatchObject({
    by: 'grant',
    grant: translate
  })
  expect(decide(asker, taskFor('files'), INIT)).toEqual({ allowed: false, reason: 'skill' })
})

test('who may by what it is needs no grant, and is bound by none', () => {
  const asker = { peer: PEER, role: 'member' as const, grants: [grant({ limits: { rate: 1 } })] }
  expect(decide(asker, { operation: 'task.send' }, INIT)).toEqual({ allowed: true, by: 'role' })
})
