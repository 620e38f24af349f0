/** Names that people can say for keys that they cannot. */
import { createHash } from 'node:crypto'
import type { PeerIdText } from '../core/ids.ts'
import { ADJECTIVES, ANIMALS } from './words.ts'

/** A DNS label: safe in file names, host names, URLs and `@agent@node`. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Whether `text` may name a node or a swarm: 1 to 63 lower case letters, digits and inner dashes. */
export function isLabel(text: string): boolean {
  return LABEL.test(text)
}

/**
 * The name a node has until somebody chooses another, such as `amber-otter`: always the same for
 * the same key. 65,536 names: readable, not unique, so that names never decide who is trusted.
 */
export function nodeName(peer: PeerIdText): string {
  const hash = createHash('sha256').update(`lumos:name:1:${peer}`).digest()
  return `${ADJECTIVES[hash.readUInt8(0)]}-${ANIMALS[hash.readUInt8(1)]}`
}
