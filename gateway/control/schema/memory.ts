/** What the control API says about shared memory, and what it is asked: schemas of client/memory-api.ts. */
import { z } from 'zod'
import type * as api from '../../../client/memory-api.ts'
import { isPlainText } from '../../../core/bytes.ts'
import { LIMITS } from '../../../core/limits.ts'
import { count, json, moment, named, v } from './document.ts'

const keyBytes = LIMITS.memoryKeyBytes.value

export const key = z
  .string()
  .min(1)
  .max(keyBytes)
  .refine((text) => Buffer.byteLength(text) <= keyBytes, `at most ${keyBytes} bytes of UTF-8`)
  .refine(isPlainText, 'no control characters')

const space = z.string().describe('Name of the space.')
const head = { v, space }
const nodeName = z.strictObject({
  id: z.string().describe('PeerId.'),
  name: z.string().describe('Empty when this node has not heard of it.')
})

const fact = {
  key: z.string(),
  value: json,
  writer: z.string().describe('PeerId of the node that wrote it.'),
  hlc: z.string().describe('Hybrid logical time of the write; sorts as text.'),
  expiresAt: moment.exactOptional().describe('From then on nobody reads it.')
}

export const factDocument: z.ZodType<api.FactDocument> = named(
  'FactDocument',
  z.strictObject({ ...head, ...fact })
)

export const factList: z.ZodType<api.FactList> = named(
  'FactList',
  z.strictObject({
    ...head,
    facts: z.array(z.strictObject(fact)),
    next: z.string().describe('Give it back as `after` for the next page; empty at the end.')
  })
)

export const factHistory: z.ZodType<api.FactHistory> = named(
  'FactHistory',
  z.strictObject({
    ...head,
    key: z.string(),
    current: z.strictObject(fact).nullable(),
    lost: z
      .array(z.strictObject(fact))
      .describe('Newest first: writes that lost against one that had not seen them.')
  })
)

export const searchRequest: z.ZodType<api.SearchRequest> = named(
  'SearchRequest',
  z.strictObject({
    text: z
      .string()
      .min(1)
      .max(LIMITS.searchQuestionLength.value)
      .exactOptional()
      .describe('Words: facts that hold any of them, the most telling first.'),
    vector: z
      .array(z.number())
      .min(1)
      .max(LIMITS.searchDimensions.value)
      .exactOptional()
      .describe('Of the length that the `embedding` of the facts has.'),
    mode: z.enum(['text', 'vector', 'both']).exactOptional(),
    prefix: z.string().max(keyBytes).exactOptional().describe('What keys begin with.'),
    limit: z.int().min(1).max(LIMITS.searchHits.value).exactOptional().describe('Default: 10.')
  })
)

export const factHitList: z.ZodType<api.FactHitList> = named(
  'FactHitList',
  z.strictObject({
    ...head,
    hits: z
      .array(
        z.strictObject({
          fact: z.strictObject(fact),
          score: z.number().describe('Higher is better; comparable within one answer only.')
        })
      )
      .describe('Best first.'),
    complete: z
      .boolean()
      .describe('False when the space holds more than an index may: some facts cannot be found.')
  })
)

export const factKey: z.ZodType<api.FactKey> = named(
  'FactKey',
  z.strictObject({ ...head, key: z.string() })
)

export const putRequest: z.ZodType<api.PutRequest> = named(
  'PutRequest',
  z.strictObject({
    key,
    value: json,
    ttlMs: z.int().positive().exactOptional().describe('Nobody reads it after so long.')
  })
)

export const keyRequest = z.strictObject({ key })

const eventHead = { ...head, position: z.string().describe('Give it back as `after`.') }

export const memoryEvent: z.ZodType<api.MemoryEvent> = named(
  'MemoryEvent',
  z.discriminatedUnion('type', [
    z.strictObject({ ...eventHead, type: z.literal('put'), ...fact }),
    z.strictObject({ ...eventHead, type: z.literal('delete'), key: z.string() }),
    z.strictObject({ ...eventHead, type: z.literal(['ready', 'reset']) })
  ])
)

export const importRequest: z.ZodType<api.ImportRequest> = named(
  'ImportRequest',
  z.strictObject({
    facts: z
      .array(z.strictObject({ key, value: json, expiresAt: z.iso.datetime().exactOptional() }))
      .max(LIMITS.memoryImport.value)
  })
)

export const importResult: z.ZodType<api.ImportResult> = named(
  'ImportResult',
  z.strictObject({ ...head, written: count, expired: count })
)

export const memoryStatus: z.ZodType<api.MemoryStatus> = named(
  'MemoryStatus',
  z.strictObject({
    v,
    spaces: z.array(
      z.strictObject({
        name: z.string(),
        id: z.string(),
        keys: count.describe('Tombstones included.'),
        bytes: count,
        writers: count,
        root: z.string().describe('Replicas with equal roots are equal to the byte.'),
        stale: z.boolean(),
        peers: z.array(
          z.strictObject({
            ...nodeName.shape,
            inSync: z.boolean(),
            behind: count.nullable().describe('Records that it lacks; null: it did not answer.'),
            ahead: count.nullable().describe('Records that this node lacks.')
          })
        )
      })
    )
  })
)

const mode = z
  .enum(['open', 'members', 'owner-only'])
  .describe('Who may write: every member of the swarm, whom the owner lets, or the owner.')

const summary = {
  name: z.string(),
  id: z.string(),
  mode,
  sealed: z.boolean().describe('Keys and values are encrypted for its members.'),
  owner: nodeName.nullable().describe('null: the space of everybody.'),
  own: z.boolean().describe('Whether this node is the owner.')
}

export const spaceList: z.ZodType<api.SpaceList> = named(
  'SpaceList',
  z.strictObject({
    v,
    spaces: z.array(z.strictObject(summary)),
    forgotten: z
      .array(z.strictObject(summary))
      .describe('Those that it was told to forget, the longest ago first.')
  })
)

export const forgetSpaceRequest: z.ZodType<api.ForgetSpaceRequest> = named(
  'ForgetSpaceRequest',
  z.strictObject({
    force: z.boolean().exactOptional().describe('Also a space that this node owns.')
  })
)

export const forgottenSpace: z.ZodType<api.ForgottenSpace> = named(
  'ForgottenSpace',
  z.strictObject({ v, space: z.strictObject(summary) })
)

const role = z.enum(['read', 'write']).describe('Writing includes reading.')

export const spaceDocument: z.ZodType<api.SpaceDocument> = named(
  'SpaceDocument',
  z.strictObject({
    v,
    space: z.strictObject({
      ...summary,
      limits: z.strictObject({
        valueBytes: count,
        authorRecords: count,
        authorBytes: count,
        tombstoneMs: count
      }),
      grants: z.array(
        z.strictObject({
          peer: nodeName,
          role,
          prefix: z.string().describe('Empty: all keys.'),
          until: moment.exactOptional()
        })
      ),
      revoked: z.array(nodeName).describe('Whose grants were taken back, without later ones.')
    })
  })
)

export const createSpaceRequest: z.ZodType<api.CreateSpaceRequest> = named(
  'CreateSpaceRequest',
  z.strictObject({
    name: z.string().min(1).max(64).refine(isPlainText, 'no control characters'),
    mode: mode.exactOptional(),
    sealed: z.boolean().exactOptional()
  })
)

const peer = z.string().min(1).max(512).describe('Name, PeerId or unique prefix.')

export const grantRequest: z.ZodType<api.GrantRequest> = named(
  'GrantRequest',
  z.strictObject({
    peer,
    role,
    prefix: key
      .refine((text) => text.endsWith('/'), 'must end with /')
      .exactOptional()
      .describe('Default: all keys.'),
    ttlMs: z.int().positive().exactOptional().describe('Default: until it is revoked.')
  })
)

export const revokeRequest = z.strictObject({ peer })
