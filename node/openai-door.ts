/** Joins the door for OpenAI clients with what is behind it: cards of the directory, tasks at the edge. */
import { toLumosError } from '../core/errors.ts'
import { createIdSource } from '../core/ids.ts'
import type { KnownAgent } from '../gateway/a2a/cards.ts'
import type { Callers } from '../gateway/http/callers.ts'
import type { HttpDoor } from '../gateway/http/request.ts'
import { createOpenAiDoor } from '../gateway/openai/door.ts'
import { createModels } from '../gateway/openai/models.ts'
import { errorOf, stepOf } from '../protocols/a2a/extensions.ts'
import { a2aRequests } from '../protocols/a2a/requests.ts'
import { turnOf } from '../protocols/a2a/turn.ts'
import type { EdgeService } from '../tasks/edge/service.ts'
import type { Assembly } from './assembly.ts'

export interface NodeOpenAiDoorComponents {
  readonly callers: Callers
  readonly service: EdgeService
  readonly agents: () => readonly KnownAgent[]
}

export function createNodeOpenAiDoor(
  { components, work }: Pick<Assembly, 'components' | 'work'>,
  { callers, service, agents }: NodeOpenAiDoorComponents
): HttpDoor {
  const { clock, random } = components
  const logger = components.logger.child('gateway')
  return createOpenAiDoor({
    clock,
    ids: createIdSource(clock, random),
    callers,
    models: createModels(agents),
    parseJson: a2aRequests.json,
    read: { stepOf, errorOf, turnOf },
    service,
    forget: (id) => work.delegations.remove(id),
    abandon(id) {
      work.delegations.cancel(id).catch((error: unknown) => {
        // It has ended meanwhile, or the node is about to.
        logger.debug('a task that nobody waits for was not stopped', {
          task: id,
          code: toLumosError(error).code
        })
      })
    }
  })
}
