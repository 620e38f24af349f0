/** Names of the membership protocol (docs/protocols/membership.md). */

/** The only protocol that a peer may speak which is not on the list. */
export const MEMBERSHIP_PROTOCOL = '/lumos/membership/1.0.0'

/** Calls of a session, between members. */
export const MEMBER_METHODS = {
  sync: 'members.sync',
  tell: 'members.tell',
  key: 'members.key'
} as const

/** In HELLO: the digest of the sender's list. */
export const MEMBERS_FIELD = 'members'
