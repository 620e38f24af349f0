/** Messages of peer exchange (docs/protocols/discovery.md, "Keeping a mesh"): small JSON, checked before use. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import { decodeJsonBody } from '../../protocols/session/json-body.ts'

export const SAMPLE_METHOD = 'peers.sample'
export const RELEASE_METHOD = 'peers.release'

/** A peer as it is handed on: a hint, and no more. */
export interface PeerNote {
  readonly id: string
  readonly name?: string | undefined
  readonly addresses: readonly string[]
}

/** What either side says of itself and of others. */
export interface ExchangeMessage {
  /** Session peers of the sender. */
  readonly degree: number
  readonly peers: readonly PeerNote[]
}

export interface SampleRequest {
  readonly degree: number
  /** Peers that the sender would like to hear of. */
  readonly want: number
}

export interface ReleaseAnswer {
  readonly degree: number
  /** Whether the asker may close the session. */
  readonly released: boolean
}

const degree = z.int().min(0).max(1_000_000)
const note = z.object({
  id: z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{8,128}$/),
  name: z.string().max(64).optional(),
  addresses: z.array(z.string().max(LIMITS.addressBytes.value)).max(LIMITS.addressesPerPeer.value)
})
const message = z.object({ degree, peers: z.array(note).max(LIMITS.exchangedPeers.value) })
const request = z.object({ degree, want: z.int().min(0).max(1_000_000) })
const answer = z.object({ degree, released: z.boolean() })

export function encode(value: ExchangeMessage | ReleaseAnswer | SampleRequest): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** @throws INVALID_REQUEST */
export function decodeRequest(bytes: Uint8Array): SampleRequest {
  return decodeJsonBody(request, bytes)
}

/** @throws INVALID_REQUEST */
export function decodeMessage(bytes: Uint8Array): ExchangeMessage {
  return decodeJsonBody(message, bytes)
}

/** @throws INVALID_REQUEST */
export function decodeRelease(bytes: Uint8Array): ReleaseAnswer {
  return decodeJsonBody(answer, bytes)
}
