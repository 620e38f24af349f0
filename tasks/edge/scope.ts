/** How the conversations of those at the edge are called inside the swarm: the same name from two of them is two. */
import { hash } from 'node:crypto'
import type { Message } from '../../core/a2a.ts'
import { withParty } from '../../core/party.ts'
import type { EdgeMark } from './orders.ts'

/**
 * What somebody at the edge said, as agents and the router see it: neither its context nor any other name of
 * a conversation in it can meet that of somebody else, and agents do not learn who it is.
 */
export function inward(
  message: Message,
  { owner, contextId }: Pick<EdgeMark, 'owner' | 'contextId'>
): Message {
  const inside = { ...message, contextId: uuidOf('context', owner, contextId) }
  return withParty(inside, hash('sha256', `party ${owner}`, 'base64url').slice(0, 22))
}

/** What is said to a task, as its worker sees it. */
export function insideOf({ edge }: { readonly edge?: EdgeMark }, message: Message): Message {
  return edge === undefined ? message : inward(message, edge)
}

/** The same for the one who said it. */
export function outward(message: Message, { contextId }: Pick<EdgeMark, 'contextId'>): Message {
  const outside = withParty(message, undefined)
  return outside.contextId === undefined ? outside : { ...outside, contextId }
}

/** A UUID of version 8: the same texts, the same id. */
export function uuidOf(...texts: readonly string[]): string {
  const hex = hash('sha256', JSON.stringify(texts))
  const variant = (8 + (Number.parseInt(hex.slice(16, 17), 16) % 4)).toString(16)
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`]
  return [...groups, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}
