/** Messages about members: JSON, checked for its shape here and for its signatures by trust/members. */
import { z } from 'zod'
import { fromWireError, wireDetails } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { decodeJsonBody, jsonObject } from '../session/json-body.ts'

const hex = (digits: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const digest = hex(16)
const id = hex(16)
/** Their shape is the business of trust/members/statement.ts. */
const statements = z.array(jsonObject).max(LIMITS.membersBatch.value)
const charter = jsonObject

/** All that one peer says of several lists together: of each slot one statement, of 17 speakers. */
const MAX_KNOWN = 17 * LIMITS.swarmMembers.value

const question = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('proof') }),
  z.object({ ask: z.literal('join'), invite: id, proof: hex(64), name: z.string().max(63) })
])

const reply = z.union([
  z.object({
    charter,
    statements: statements.max(LIMITS.membersProofStatements.value),
    key: hex(64).optional()
  }),
  z.object({
    error: z.object({
      code: z.string().max(64),
      details: jsonObject.optional()
    })
  })
])

/** `known`: ids of the asker's statements, 8 bytes each, in base64. */
const syncRequest = z.object({
  digest,
  known: z.base64().max(Math.ceil((MAX_KNOWN * 8) / 3) * 4)
})
const syncAnswer = z.object({ charter: charter.optional(), statements, wanted: z.array(id) })
const news = z.object({ charter, statements })
const keyRequest = z.object({ commitment: hex(64) })
const keyAnswer = z.object({ key: hex(64).optional() })

type KeyRequest = z.infer<typeof keyRequest>
type KeyAnswer = z.infer<typeof keyAnswer>
export type Question = z.infer<typeof question>
type Reply = z.infer<typeof reply>
export type Admission = Extract<Reply, { charter: unknown }>
type SyncRequest = z.infer<typeof syncRequest>
type SyncAnswer = z.infer<typeof syncAnswer>
type News = z.infer<typeof news>

export function encode(value: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** Each throws INVALID_REQUEST. */
export const decode = {
  question: (bytes: Uint8Array): Question => decodeJsonBody(question, bytes),
  reply: (bytes: Uint8Array): Reply => decodeJsonBody(reply, bytes),
  syncRequest: (bytes: Uint8Array): SyncRequest => decodeJsonBody(syncRequest, bytes),
  syncAnswer: (bytes: Uint8Array): SyncAnswer => decodeJsonBody(syncAnswer, bytes),
  news: (bytes: Uint8Array): News => decodeJsonBody(news, bytes),
  keyRequest: (bytes: Uint8Array): KeyRequest => decodeJsonBody(keyRequest, bytes),
  keyAnswer: (bytes: Uint8Array): KeyAnswer => decodeJsonBody(keyAnswer, bytes)
}

/** @throws what the peer refused with */
export function admissionOf(answer: Reply): Admission {
  if (!('error' in answer)) return answer
  const { code, details = {} } = answer.error
  throw fromWireError({ code, message: '', details: wireDetails(details) })
}

const ID_BYTES = 8

export function packIds(ids: readonly string[]): string {
  return Buffer.from(ids.join(''), 'hex').toString('base64')
}

export function unpackIds(text: string): Set<string> {
  const bytes = Buffer.from(text, 'base64')
  const count = Math.floor(bytes.length / ID_BYTES)
  return new Set(
    Array.from({ length: count }, (_, index) =>
      bytes.toString('hex', index * ID_BYTES, (index + 1) * ID_BYTES)
    )
  )
}
