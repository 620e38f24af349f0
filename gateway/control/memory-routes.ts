/** The part of the table of the control API that is about shared memory. */
import { z } from 'zod'
import { documentRoute, linesRoute } from './route.ts'
import { yesNo } from './schema/document.ts'
import * as memory from './schema/memory.ts'

const PAGE = { most: 500, usual: '100' }

const space = z.strictObject({
  space: z.string().min(1).max(256).describe('Name of a space; `shared` is everybody’s.')
})
const prefix = memory.key.exactOptional().describe('What keys begin with.')
const oneKey = z.strictObject({ key: memory.key })

export const memoryRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/memory',
    id: 'memoryStatus',
    summary: 'Shared memory: what is in each space, and how peers compare',
    answer: memory.memoryStatus,
    handle: (operations) => operations.memory.status()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/memory/{space}/fact',
    id: 'fact',
    summary: 'What is known under a key',
    params: space,
    query: oneKey,
    answer: memory.factDocument,
    handle: (operations, { params, query }) => operations.memory.get(params.space, query.key)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/memory/{space}/put',
    id: 'putFact',
    summary: 'Writes a value under a key; answers when it is on disk',
    params: space,
    body: memory.putRequest,
    answer: memory.factDocument,
    handle: (operations, { params, body }) => operations.memory.put(params.space, body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/memory/{space}/remove',
    id: 'removeFact',
    summary: 'Deletes what is known under a key, here and everywhere',
    params: space,
    body: memory.keyRequest,
    answer: memory.factKey,
    handle: (operations, { params, body }) => operations.memory.remove(params.space, body.key)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/memory/{space}/facts',
    id: 'facts',
    summary: 'What is known, in the order of the keys',
    params: space,
    query: z.strictObject({
      prefix,
      after: memory.key.exactOptional().describe('`next` of the page before.'),
      limit: z.coerce.number<string>().int().min(1).max(PAGE.most).prefault(PAGE.usual),
      reverse: yesNo
    }),
    answer: memory.factList,
    handle: (operations, { params, query }) => operations.memory.list(params.space, query)
  }),
  linesRoute({
    method: 'GET',
    path: '/v1/memory/{space}/watch',
    id: 'watchFacts',
    summary: 'What is known, then `ready`, then what changes',
    params: space,
    query: z.strictObject({
      prefix,
      after: z
        .string()
        .regex(/^\d{1,10}-\d{1,15}$/)
        .exactOptional()
        .describe('Go on behind the event of this `position`.')
    }),
    answer: memory.memoryEvent,
    handle: (operations, { params, query, signal }) =>
      operations.memory.watch(params.space, query, signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/memory/{space}/history',
    id: 'factHistory',
    summary: 'What is known under a key, and what it was perhaps overwritten by mistake',
    params: space,
    query: oneKey,
    answer: memory.factHistory,
    handle: (operations, { params, query }) => operations.memory.history(params.space, query.key)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/memory/{space}/search',
    id: 'searchFacts',
    summary: 'Facts by their words, or by a vector near theirs; best first',
    params: space,
    body: memory.searchRequest,
    answer: memory.factHitList,
    audit: false,
    handle: (operations, { params, body, signal }) =>
      operations.memory.search(params.space, body, signal)
  }),
  linesRoute({
    method: 'GET',
    path: '/v1/memory/{space}/export',
    id: 'exportFacts',
    summary: 'All that is known, one fact a line',
    params: space,
    query: z.strictObject({ prefix }),
    answer: memory.factDocument,
    handle: (operations, { params, query }) => operations.memory.export(params.space, query.prefix)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/memory/{space}/import',
    id: 'importFacts',
    summary: 'Writes exported facts as this node’s own',
    params: space,
    body: memory.importRequest,
    answer: memory.importResult,
    handle: (operations, { params, body }) => operations.memory.import(params.space, body)
  })
]

export const spaceRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/spaces',
    id: 'spaces',
    summary: 'Spaces of shared memory that this node has',
    answer: memory.spaceList,
    handle: (operations) => operations.spaces.list()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/spaces',
    id: 'createSpace',
    summary: 'Makes a space that this node owns',
    body: memory.createSpaceRequest,
    answer: memory.spaceDocument,
    audit: ({ body }) => body.name,
    handle: (operations, { body }) => operations.spaces.create(body)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/spaces/{space}',
    id: 'space',
    summary: 'One space: its owner, its rules, who may do what',
    params: space,
    answer: memory.spaceDocument,
    handle: (operations, { params }) => operations.spaces.show(params.space)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/spaces/{space}/grant',
    id: 'grantSpace',
    summary: 'Lets a node read or write; only the owner can',
    params: space,
    body: memory.grantRequest,
    answer: memory.spaceDocument,
    audit: ({ params, body }) => `${params.space} to ${body.peer}`,
    handle: (operations, { params, body }) => operations.spaces.grant(params.space, body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/spaces/{space}/revoke',
    id: 'revokeSpace',
    summary: 'Takes back what a node was granted; what it writes from now on counts nowhere',
    params: space,
    body: memory.revokeRequest,
    answer: memory.spaceDocument,
    audit: ({ params, body }) => `${params.space} from ${body.peer}`,
    handle: (operations, { params, body }) => operations.spaces.revoke(params.space, body.peer)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/spaces/{space}/forget',
    id: 'forgetSpace',
    summary: 'Drops this node’s copy of a space, which no offer brings back; others keep theirs',
    params: space,
    body: memory.forgetSpaceRequest,
    answer: memory.forgottenSpace,
    handle: (operations, { params, body }) => operations.spaces.forget(params.space, body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/spaces/{space}/join',
    id: 'joinSpace',
    summary: 'Takes up a forgotten space again: peers bring what is in it',
    params: space,
    answer: memory.spaceDocument,
    handle: (operations, { params }) => operations.spaces.join(params.space)
  })
]
