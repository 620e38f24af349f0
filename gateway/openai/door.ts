/** The door for OpenAI clients: agents of the swarm as models, by chat completions and by responses. */
import { agentUnknown } from '../../core/errors.ts'
import type { Callers } from '../http/callers.ts'
import type { RefuseFor } from '../http/refusal.ts'
import { decoded, routeUnknown, sendJson } from '../http/request.ts'
import type { HttpDoor, HttpRequest } from '../http/request.ts'
import { answerCompletion } from './completions.ts'
import type { CompletionsComponents } from './completions.ts'
import { openAiFailureOf } from './errors.ts'
import type { Models } from './models.ts'
import { answerResponses } from './responses.ts'

export interface OpenAiDoorComponents extends CompletionsComponents {
  readonly models: Models
  readonly callers: Pick<Callers, 'permit' | 'sees'>
}

export const refuseOpenAi: RefuseFor = (path, failure) =>
  isOpenAiPath(path) ? openAiFailureOf(failure) : undefined

function isOpenAiPath(path: string): boolean {
  return /^\/v1\/(models(\/|$)|chat\/completions$|responses(\/|$))/.test(path)
}

export function createOpenAiDoor(components: OpenAiDoorComponents): HttpDoor {
  return async (request) => {
    const { method, path } = request
    if (!isOpenAiPath(path)) return false
    if (method === 'POST' && path === '/v1/chat/completions') {
      await answerCompletion(components, request)
    } else if (path.startsWith('/v1/responses')) await answerResponses(components, request)
    else if (method === 'GET' && path.startsWith('/v1/models')) sendModels(components, request)
    else throw routeUnknown(request)
    return true
  }
}

function sendModels({ callers, models }: OpenAiDoorComponents, request: HttpRequest): void {
  const id = decoded(request.path.slice('/v1/models/'.length))
  callers.permit(request.caller, 'agent.list', id)
  const sees = (model: string): boolean => callers.sees(request.caller, model)
  if (id !== '' && !sees(id)) throw agentUnknown(id)
  if (id !== '') return sendJson(request, models.get(id))
  sendJson(request, { object: 'list', data: models.list().filter((model) => sees(model.id)) })
}
