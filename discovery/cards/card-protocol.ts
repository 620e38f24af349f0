/** The session calls by which peers exchange cards and presence (docs/protocols/discovery.md). */
import { z } from 'zod'
import { parseBoundedJson } from '../../core/bounded-json.ts'
import { invalidRequest } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { PeerStatement } from '../directory/peer-entry.ts'

export const CARD_METHODS = {
  /** Cards by digest. */
  get: 'cards.get',
  /** Whom the peer knows, for a newcomer. */
  known: 'cards.known',
  /** Presence statements, both ways. */
  presence: 'presence.exchange'
} as const

const digest = z.string().regex(/^[0-9a-f]{16}$/)
export const peerId = z.string().min(1).max(128)

/** What every statement about a peer holds; HELLO's fields have it but for the name. */
export const statementFields = {
  name: z.string().max(63),
  load: z.number().min(0).max(1),
  slots: z.int().min(0).max(1_000_000),
  cards: z.array(digest).max(LIMITS.cardsPerPeer.value),
  /** Multiaddrs without the peer's id. */
  addresses: z
    .array(z.string().max(LIMITS.addressBytes.value))
    .max(LIMITS.presenceAddresses.value)
    .default([])
}

export const getRequest = z.object({
  digests: z.array(digest).min(1).max(LIMITS.cardsPerFetch.value)
})

/** Cards themselves are checked one by one: a bad one must not cost the others. */
export const getResponse = z.object({
  cards: z.array(z.unknown()).max(LIMITS.cardsPerFetch.value)
})

export const knownRequest = z.object({
  /** Digests of what the asker knows, by shares: of those that are equal there is nothing to tell. */
  shares: z.array(digest).min(1).max(LIMITS.directoryShares.value).optional()
})

export const knownResponse = z.object({
  peers: z
    .array(
      z.object({
        peer: peerId,
        /** Milliseconds since the sender last heard of the peer. */
        ageMs: z.number().min(0),
        ...statementFields,
        /** Cards of the peer that the sender does not hold. */
        lacks: statementFields.cards.optional()
      })
    )
    .max(LIMITS.directorySnapshotPeers.value)
})

export type KnownPeer = z.infer<typeof knownResponse>['peers'][number]

const helloFields = z.object({
  load: statementFields.load,
  slots: statementFields.slots,
  cards: statementFields.cards
})

/** What HELLO says beside the name; a peer that says nothing of the kind has no agents. */
export function parseHelloFields(fields: unknown): Omit<PeerStatement, 'name'> {
  const result = helloFields.safeParse(fields)
  return result.success ? result.data : { load: 0, slots: 0, cards: [] }
}

export function encodeJson(value: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** Parses what a peer sent. @throws INVALID_REQUEST */
export function decodeJson<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let value: unknown
  try {
    value = parseBoundedJson(body)
  } catch {
    throw invalidRequest('it is not JSON')
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const path = result.error.issues[0]?.path.join('.') || 'the document'
  throw invalidRequest(`${path} is malformed`)
}
