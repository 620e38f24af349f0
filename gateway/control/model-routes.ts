/** The part of the table of the control API that is about language models. */
import { LIMITS } from '../../core/limits.ts'
import { documentRoute } from './route.ts'
import * as models from './schema/models.ts'

export const modelRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/model',
    id: 'models',
    summary: 'Language models that this node can use, and where they are from',
    answer: models.modelList,
    handle: (operations) => operations.models.list()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/model/add',
    id: 'addModels',
    summary: 'Adds a provider of models, or changes one that was added; asks it for its models',
    body: models.addRequest,
    answer: models.modelProvider,
    audit: ({ body }) => body.name,
    handle: (operations, { body }) => operations.models.add(body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/model/remove',
    id: 'removeModels',
    summary: 'Forgets a provider that was added, and its key',
    body: models.removeRequest,
    answer: models.modelList,
    audit: ({ body }) => body.name,
    handle: (operations, { body }) => operations.models.remove(body.name)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/model/default',
    id: 'setDefaultModel',
    summary: 'Which models are asked when nothing is said; none: the first that there is',
    body: models.defaultRequest,
    answer: models.modelDefaults,
    audit: ({ body }) => body.models.join(', '),
    handle: (operations, { body }) => operations.models.setDefault(body.models)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/model/test',
    id: 'testModel',
    summary: 'Asks a model something, and tells how long it took or what is wrong',
    timeoutMs: LIMITS.modelTest.value,
    body: models.testRequest,
    answer: models.modelTest,
    audit: false,
    handle: (operations, { body, signal }) => operations.models.test(body.model, signal)
  })
]
