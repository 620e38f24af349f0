/** What the control API says about tokens, and what it is asked: schemas of client/auth-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/auth-api.ts'
import { API_SCOPES } from '../../../core/grant-words.ts'
import { LIMITS } from '../../../core/limits.ts'
import { moment, named, v } from './document.ts'

/** One label: it is part of names in the audit log and of whose tasks are. */
export const tenantName = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
const scopes = z.array(z.enum(API_SCOPES)).min(1)

const summary = z.strictObject({
  id: z.string().describe('16 hex digits; no secret.'),
  name: z.string(),
  scopes,
  tenant: z.string().nullable().describe('Null for one that is of no tenant.'),
  createdAt: moment,
  expiresAt: moment,
  usedAt: moment.nullable().describe('Right to a minute; null for one that nobody has used.')
})

export const apiTokenList: z.ZodType<api.ApiTokenList> = named(
  'ApiTokenList',
  z.strictObject({ v, tokens: z.array(summary).describe('In force, youngest first.') })
)

export const apiTokenDocument: z.ZodType<api.ApiTokenDocument> = named(
  'ApiTokenDocument',
  z.strictObject({ v, token: summary })
)

export const newApiTokenDocument: z.ZodType<api.NewApiTokenDocument> = named(
  'NewApiTokenDocument',
  z.strictObject({
    v,
    token: summary,
    secret: z.string().describe('Shown this once: only its hash is kept.')
  })
)

export const createApiTokenRequest: z.ZodType<api.CreateApiTokenRequest> = named(
  'CreateApiTokenRequest',
  z.strictObject({
    name: z.string().min(1).max(64).exactOptional().describe('For people.'),
    scopes: scopes.exactOptional().describe('Default: task/send, which follows its own, too.'),
    role: z
      .string()
      .max(64)
      .exactOptional()
      .describe('A name in `gateway.roles`: its scopes, besides `scopes`.'),
    tenant: tenantName.exactOptional().describe('Its holder is one of this tenant.'),
    lifetimeMs: z
      .number()
      .min(1000)
      .max(LIMITS.apiTokenLifetime.value)
      .exactOptional()
      .describe('Default: 90 days.')
  })
)

export const apiTokenSelector = z.strictObject({
  token: z.string().min(1).max(64).describe('Its id, a unique beginning of it, or its name.')
})
