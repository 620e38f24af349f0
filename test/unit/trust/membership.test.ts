import type { ConnectionGater } from '@libp2p/interface'
import { expect, test, vi } from 'vitest'
import { createMembership, createMembershipGater } from '../../../trust/membership.ts'

test('members pass in both directions; blocked peers do not, and are reported', () => {
  const membership = createMembership({ blocked: ['mallory'] })
  const onDenied = vi.fn<(peer: string) => void>()
  const gater = createMembershipGater(membership, { onDenied })
  expect(gater.denyInboundEncryptedConnection('alice', {})).toBe(false)
  expect(gater.denyOutboundEncryptedConnection('alice')).toBe(false)
  expect(gater.denyInboundEncryptedConnection('mallory', {})).toBe(true)
  expect(gater.denyOutboundEncryptedConnection('mallory')).toBe(true)
  expect(gater.denyDialPeer('mallory')).toBe(true)
  expect(onDenied.mock.calls).toEqual([['mallory'], ['mallory'], ['mallory']])
})

test('blocking and unblocking take effect at once', () => {
  const membership = createMembership()
  membership.block('bob')
  expect(membership.admits('bob')).toBe(false)
  expect(membership.blocked()).toEqual(['bob'])
  membership.unblock('bob')
  expect(membership.admits('bob')).toBe(true)
})

test('who is struck off the list is not admitted, unless it has been invited again', () => {
  const membership = createMembership({
    standingOf: (peer) => (peer === 'eve' ? 'out' : 'unknown')
  })
  const invited = {}
  const gater = createMembershipGater(membership, {
    onInvite: (_, connection) => connection === invited
  })
  expect(gater.denyInboundEncryptedConnection('eve', {})).toBe(true)
  expect(gater.denyInboundEncryptedConnection('eve', invited)).toBe(false)
  membership.block('eve')
  expect(gater.denyInboundEncryptedConnection('eve', invited)).toBe(true)
  expect(gater.denyInboundEncryptedConnection('bob', {})).toBe(false)
  expect(membership.isMember('bob')).toBe(false)
})

test('the gater fits libp2p', () => {
  const gater: ConnectionGater = createMembershipGater(createMembership())
  expect(Object.keys(gater)).toHaveLength(3)
})
