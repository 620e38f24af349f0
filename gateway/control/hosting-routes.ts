/** The part of the table of the control API that is about hosted projects. */
import { z } from 'zod'
import { documentRoute } from './route.ts'
import * as hosting from './schema/hosting.ts'

const name = z.strictObject({
  name: z.string().min(1).max(256).describe('Name of a hosted project.')
})

export const hostingRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/hosts',
    id: 'hosts',
    summary: 'Projects whose agents this node hosts',
    answer: hosting.hostList,
    handle: (operations) => operations.hosts.list()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/hosts',
    id: 'addHost',
    summary: 'Hosts the agents of a file or folder; answers when they can be asked',
    body: hosting.hostRequest,
    answer: hosting.hostDocument,
    audit: ({ body }) => body.path,
    handle: (operations, { body }) => operations.hosts.add(body)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/hosts/{name}',
    id: 'host',
    summary: 'One hosted project',
    params: name,
    answer: hosting.hostDocument,
    handle: (operations, { params }) => operations.hosts.show(params.name)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/hosts/{name}/restart',
    id: 'restartHost',
    summary: 'Starts the process of a hosted project anew, also out of quarantine',
    params: name,
    answer: hosting.hostDocument,
    handle: (operations, { params }) => operations.hosts.restart(params.name)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/hosts/{name}/remove',
    id: 'removeHost',
    summary: 'Hosts a project no more; what runs there may end first, for 20 s',
    params: name,
    answer: hosting.removedHostDocument,
    handle: (operations, { params }) => operations.hosts.remove(params.name)
  })
]
