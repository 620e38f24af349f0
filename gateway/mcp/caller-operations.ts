/** The swarm as one caller over HTTP may use it: its own tasks, within its scopes, and noted in the audit log. */
import type { RunEvent, RunRequest } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { OperationName } from '../../trust/operations.ts'
import type { Caller, Callers } from '../http/callers.ts'
import type { MemoryResourcesComponents } from './memory-resources.ts'
import type { SwarmOperations } from './swarm-server.ts'

/** What this node can have done for somebody at its edge. */
export interface EdgeOperations extends Omit<SwarmOperations, 'run'> {
  /** Starts a task that belongs to `owner`, and tells its story. */
  runFor(owner: string, request: RunRequest, signal: AbortSignal): AsyncIterable<RunEvent>
  /** `undefined` for a task that nobody at the edge asked for, or that is not there. */
  ownerOf(task: string): Promise<string | undefined>
}

export interface CallerOperationsComponents {
  readonly operations: EdgeOperations
  readonly callers: Pick<Callers, 'permit' | 'reaches' | 'sees'>
}

/** What its tenant may not see is not there. Each throws FORBIDDEN beyond the scopes; another's task and a missing one are TASK_NOT_FOUND alike. */
export function createCallerOperations(
  { operations, callers }: CallerOperationsComponents,
  caller: Caller
): SwarmOperations {
  const permit = (operation: OperationName, what = ''): void =>
    callers.permit(caller, operation, what)

  async function refuseForeign(task: string): Promise<void> {
    if ((await operations.ownerOf(task)) === caller.owner) return
    throw new LumosError('TASK_NOT_FOUND')
  }

  return {
    async agents() {
      permit('agent.list')
      const { agents, ...rest } = await operations.agents()
      return { ...rest, agents: agents.filter(({ id }) => callers.sees(caller, id)) }
    },
    async find(query, options) {
      permit('agent.list')
      const { providers, ...rest } = await operations.find(query, options)
      return { ...rest, providers: providers.filter(({ agent }) => callers.sees(caller, agent)) }
    },
    run(request, signal) {
      permit('task.send', request.target.replace(/^@/, ''))
      return operations.runFor(caller.owner, request, signal)
    },
    async cancelTask(id, signal) {
      permit('task.follow')
      await refuseForeign(id)
      return operations.cancelTask(id, signal)
    },
    async answerTask(id, request) {
      permit('task.send')
      await refuseForeign(id)
      return operations.answerTask(id, request)
    },
    async *taskEvents(id, signal, follow) {
      permit('task.follow')
      await refuseForeign(id)
      yield* operations.taskEvents(id, signal, follow)
    },
    ...readable(operations, {
      permit: (space = '') => permit('memory.read', space),
      reaches: (space) => callers.reaches(caller, space)
    })
  }
}

interface Reading {
  readonly permit: (space?: string) => void
  readonly reaches: (space: string) => boolean
}

function readable(
  { memory, spaces }: MemoryResourcesComponents,
  { permit, reaches }: Reading
): MemoryResourcesComponents {
  function check(space: string): void {
    permit(space)
    if (reaches(space)) return
    throw new LumosError('SPACE_UNKNOWN', { details: { space: space.slice(0, 64) } })
  }

  return {
    memory: {
      async get(space, key) {
        check(space)
        return memory.get(space, key)
      },
      async list(space, query) {
        check(space)
        return memory.list(space, query)
      },
      async *watch(space, filter, signal) {
        check(space)
        yield* memory.watch(space, filter, signal)
      }
    },
    spaces: {
      async list() {
        permit()
        const all = await spaces.list()
        return { ...all, spaces: all.spaces.filter(({ name }) => reaches(name)) }
      }
    }
  }
}
