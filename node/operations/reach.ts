/** What somebody over HTTP can see of agents and shared memory: no more than its tenant. */
import { USUAL_JUDGE } from '../../agents/ensemble/ensemble-agent.ts'
import type { RunRequest } from '../../client/api.ts'
import { agentUnknown, LumosError } from '../../core/errors.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import type { Tenants } from '../../trust/tenants.ts'

type Seen = Pick<ControlOperations, 'agent' | 'agents' | 'find' | 'memory' | 'spaces' | 'watchFind'>

/**
 * What it asks for, where agents are hidden from it: by their names alone, since a skill or a tag may be that of a
 * hidden one.
 *
 * @throws AGENT_UNKNOWN for a judge that it does not know; the task itself is judged when it is taken
 */
export function askedWithinReach(
  request: RunRequest,
  tenants: Pick<Tenants, 'knows' | 'knowsAll'>,
  owner: string
): RunRequest {
  if (tenants.knowsAll(owner)) return request
  const { target, ensemble } = request
  const asked = { ...request, target: `@${nameIn(target)}` }
  if (ensemble?.take !== 'best') return asked
  const judge = nameIn(ensemble.judge ?? USUAL_JUDGE)
  if (!tenants.knows(owner, judge)) throw agentUnknown(judge)
  return { ...asked, ensemble: { ...ensemble, judge: `@${judge}` } }
}

function nameIn(target: string): string {
  return target.replace(/^@/, '')
}

/** What is out of reach looks as if it were not there. */
export function withinReach(
  control: Seen,
  tenants: Pick<Tenants, 'knows' | 'reaches'>,
  owner: string
): Seen {
  const { memory, spaces } = control
  const knows = ({ agent }: { readonly agent: string }): boolean => tenants.knows(owner, agent)

  function reached<A extends readonly unknown[], R>(
    act: (space: string, ...rest: A) => R
  ): (space: string, ...rest: A) => R {
    return (space, ...rest) => {
      if (tenants.reaches(owner, space)) return act(space, ...rest)
      throw new LumosError('SPACE_UNKNOWN', { details: { space: space.slice(0, 64) } })
    }
  }

  return {
    async agents() {
      const { agents, ...rest } = await control.agents()
      return { ...rest, agents: agents.filter(({ id }) => tenants.knows(owner, id)) }
    },
    async agent(id, node) {
      if (tenants.knows(owner, id)) return control.agent(id, node)
      throw agentUnknown(id)
    },
    async find(query, options) {
      const { providers, ...rest } = await control.find(query, options)
      return { ...rest, providers: providers.filter(knows) }
    },
    async *watchFind(query, options) {
      for await (const event of control.watchFind(query, options)) {
        if (event.type === 'ready' || knows(event.provider)) yield event
      }
    },
    memory: {
      get: reached((...asked) => memory.get(...asked)),
      put: reached((...asked) => memory.put(...asked)),
      remove: reached((...asked) => memory.remove(...asked)),
      list: reached((...asked) => memory.list(...asked)),
      watch: reached((...asked) => memory.watch(...asked)),
      history: reached((...asked) => memory.history(...asked)),
      search: reached((...asked) => memory.search(...asked)),
      export: reached((...asked) => memory.export(...asked)),
      import: reached((...asked) => memory.import(...asked)),
      status: () => memory.status()
    },
    spaces: { ...spaces, show: reached((...asked) => spaces.show(...asked)) }
  }
}
