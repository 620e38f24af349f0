/** The part of the table of the control API that is about grants. */
import { authRoutes } from './auth-routes.ts'
import { documentRoute } from './route.ts'
import * as grants from './schema/grants.ts'

/** Who may do what: other nodes by grants, programs over HTTP by tokens. */
export const grantRoutes = [
  ...authRoutes,
  documentRoute({
    method: 'GET',
    path: '/v1/grants',
    id: 'grants',
    summary: 'Grants that this node gave, and those it holds',
    answer: grants.grantList,
    handle: (operations) => operations.grants.list()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/grants',
    id: 'createGrant',
    summary: 'Lets another node do something, within bounds, for a while',
    body: grants.createGrantRequest,
    audit: ({ body }) => `${body.can.join(' ')} to ${body.peer}`,
    answer: grants.grantDocument,
    handle: (operations, { body }) => operations.grants.create(body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/grants/show',
    id: 'showGrant',
    summary: 'One grant with all it rests on, and where that breaks',
    body: grants.grantSelector,
    audit: false,
    answer: grants.grantDocument,
    handle: (operations, { body }) => operations.grants.show(body.grant)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/grants/add',
    id: 'addGrant',
    summary: 'Keeps a grant that was given to this node, and shows it to peers',
    body: grants.grantToken,
    answer: grants.grantDocument,
    handle: (operations, { body }) => operations.grants.add(body.token)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/grants/revoke',
    id: 'revokeGrant',
    summary: 'Takes back a grant that this node gave, on every node',
    body: grants.grantId,
    answer: grants.grantDocument,
    audit: ({ body }) => body.id,
    handle: (operations, { body }) => operations.grants.revoke(body.id)
  })
]
