/** What the control API says about grants, and what it is asked: schemas of client/grants-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/grants-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import { GRANT_ACTIONS } from '../../../core/grant-words.ts'
import { grantLimits } from '../../../trust/grants/claims.ts'
import { moment, named, v, wireError } from './document.ts'

const nodeName = z.strictObject({
  id: z.string().describe('PeerId.'),
  name: z.string().describe('Empty when this node has not heard of it.')
})
const can = z.array(z.enum(GRANT_ACTIONS)).min(1)

const summary = {
  id: z.string().describe('32 hex digits.'),
  issuer: nodeName,
  audience: nodeName.describe('The only node that can use it.'),
  can,
  with: z.string().describe('`swarm:<swarm id>`, or `node:<PeerId>` for one node of it.'),
  limits: grantLimits.describe('Bounds; one that is absent is no bound.'),
  issuedAt: moment,
  expiresAt: moment,
  state: z.enum(['in-force', 'expired', 'revoked'])
}

export const grantList: z.ZodType<api.GrantList> = named(
  'GrantList',
  z.strictObject({
    v,
    given: z.array(z.strictObject(summary)).describe('Given by this node.'),
    held: z.array(z.strictObject(summary)).describe('Given to this node.')
  })
)

export const grantDocument: z.ZodType<api.GrantDocument> = named(
  'GrantDocument',
  z.strictObject({
    v,
    token: z.string(),
    grant: z.strictObject(summary),
    valid: z.boolean().describe('Whether every grant of the chain counts.'),
    chain: z
      .array(z.strictObject({ ...summary, error: wireError.exactOptional() }))
      .describe('From the one whose right it was to the grant itself.')
  })
)

const token = z.string().min(1).max(LIMITS.grantBytes.value)

export const createGrantRequest: z.ZodType<api.CreateGrantRequest> = named(
  'CreateGrantRequest',
  z.strictObject({
    peer: z.string().min(1).max(256).describe('Name, PeerId or unique beginning of it.'),
    can,
    with: z
      .enum(['node', 'swarm'])
      .exactOptional()
      .describe('This node alone, or the whole swarm. Default: as the proof says, or this node.'),
    limits: grantLimits.exactOptional(),
    lifetimeMs: z
      .number()
      .min(1000)
      .max(LIMITS.grantLifetime.value)
      .exactOptional()
      .describe('Default: a week.'),
    proof: token.exactOptional().describe('A grant of this node, of which it passes on a part.')
  })
)

export const grantSelector = z.strictObject({
  grant: token.describe('A token, or the beginning or end of an id.')
})

export const grantToken = z.strictObject({ token })

export const grantId = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{6,32}$/)
    .describe('The id, or the beginning or end of it.')
})
