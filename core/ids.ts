/** Identifiers of tasks, messages and contexts: UUIDv7, so that they sort by time. */
import { v7 } from 'uuid'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** A node's libp2p PeerId in its canonical text form (`12D3Koo…` for Ed25519 keys). */
export type PeerIdText = string

export type IdSource = () => string

export function createIdSource(clock: Clock, random: Random): IdSource {
  return () => v7({ msecs: clock.now(), random: random.bytes(16) })
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isUuid(text: string): boolean {
  return UUID.test(text)
}
