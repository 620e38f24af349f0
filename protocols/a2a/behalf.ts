/** The proof for whom a task is done, as it travels: its shape is checked here, what it is worth in trust/grants/behalf.ts. */
import { z } from 'zod'
import type { Behalf } from '../../core/chain.ts'
import { invalidRequest } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { BEHALF_EXTENSION } from './constants.ts'

/** What a peer sends. */
export type BehalfProof = Required<Pick<Behalf, 'token'>> & Pick<Behalf, 'grants'>

const text = z.string().max(LIMITS.grantBytes.value)
const grants = z.array(text).max(LIMITS.behalfGrants.value).exactOptional()
const proof = z.object({ token: text, grants })
const own = z.object({ task: z.string(), token: text.exactOptional(), grants })

/** Request metadata, for a peer. */
export function proofMetadata({ token, grants: shown }: BehalfProof): JsonObject {
  return { [BEHALF_EXTENSION]: { token, ...(shown && { grants: [...shown] }) } }
}

/** Request metadata, for another agent of this node. */
export function behalfMetadata({ task, token, grants: shown }: Behalf): JsonObject {
  const rest = { ...(token !== undefined && { token }), ...(shown && { grants: [...shown] }) }
  return { [BEHALF_EXTENSION]: { task, ...rest } }
}

/** `undefined` without one. @throws INVALID_REQUEST */
export function receiveProof(metadata: JsonObject | undefined): BehalfProof | undefined {
  return receive(metadata, proof)
}

/** Of this very node, whose word needs no proof. */
export function receiveBehalf(metadata: JsonObject | undefined): Behalf | undefined {
  return receive(metadata, own)
}

function receive<T>(metadata: JsonObject | undefined, schema: z.ZodType<T>): T | undefined {
  const value = metadata?.[BEHALF_EXTENSION]
  if (value === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const reason = 'the proof for whom the task is done is malformed'
  throw invalidRequest(reason)
}
