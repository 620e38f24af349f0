/** The agents that a node has now: they come and go while it runs. */
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { Agent } from './agent.ts'

/** An agent of the node, whether it may be asked or not. */
export interface RosterEntry {
  readonly agent: Agent
  /** Where it comes from: `builtin`, `program`, `models`, `host:NAME`, `dev:FILE`. */
  readonly source: string
  readonly enabled: boolean
}

/** One run's hold of an agent, which is not stopped before it is given back. */
export interface Borrowed {
  readonly agent: Agent
  readonly log: Logger
  readonly giveBack: () => void
}

export interface Roster {
  /** Those that can be asked, in the order they came. */
  agents(): readonly Agent[]
  /** One that can be asked. */
  find(id: string): Agent | undefined
  entries(): readonly RosterEntry[]
  /** `undefined` when no such agent can be asked. */
  borrow(id: string): Borrowed | undefined
  /**
   * Replaces all agents of `source`; resolves when the node tells others so. What runs on one that
   * is gone runs to its end, then the agent is stopped.
   *
   * @throws AGENT_EXISTS when another source has an agent of that id, AGENTS_FULL; nothing has changed then
   */
  assign(source: string, agents: readonly Agent[]): Promise<void>
  /**
   * A disabled agent cannot be asked and is not told of; its id may be one that is not there (yet).
   */
  setEnabled(id: string, enabled: boolean): Promise<void>
  /** Ids, of agents that are not there among them. */
  disabled(): readonly string[]
  /** Lets every agent release what it holds; ends within `LIMITS.cancelGrace`. */
  stop(): Promise<void>
}

export interface RosterComponents {
  readonly clock: Clock
  readonly logger: Logger
}

export interface RosterInit {
  /** For the use of the node alone: they can be run, are in no list, and cannot be disabled. */
  readonly own?: readonly Agent[]
  readonly disabled?: readonly string[]
  /** Told of all that can be asked whenever that changes; resolves when others know. */
  readonly announce?: (agents: readonly Agent[]) => Promise<void>
}

/** When it is replaced, it is stopped as soon as nothing runs on it. */
interface Member {
  readonly agent: Agent
  /** Nobody else is told of it. */
  readonly own: boolean
  readonly source: string
  readonly log: Logger
  runs: number
  /** Begun once. */
  stopping?: Promise<void>
}

export function createRoster(components: RosterComponents, init: RosterInit = {}): Roster {
  return new Members(components, init)
}

class Members implements Roster {
  readonly #parts: RosterComponents
  readonly #announce: (agents: readonly Agent[]) => Promise<void>
  readonly #disabled: Set<string>
  readonly #leaving = new Set<Member>()
  #members: readonly Member[] = []
  /** Of all members, those that can be asked. */
  #usable: ReadonlyMap<string, Member> = new Map()

  constructor(parts: RosterComponents, { disabled = [], announce = nobody, own = [] }: RosterInit) {
    this.#parts = parts
    this.#announce = announce
    this.#disabled = new Set(disabled)
    this.#members = own.map((agent) => this.#member(agent, { source: 'node', own: true }))
    this.#usable = usableOf(this.#members, this.#disabled)
  }

  agents(): readonly Agent[] {
    return [...this.#usable.values()].flatMap(({ agent, own }) => (own ? [] : [agent]))
  }

  find(id: string): Agent | undefined {
    return this.#usable.get(id)?.agent
  }

  entries(): readonly RosterEntry[] {
    return this.#members.flatMap(({ agent, source, own }) => {
      return own ? [] : [{ agent, source, enabled: !this.#disabled.has(agent.id) }]
    })
  }

  borrow(id: string): Borrowed | undefined {
    const member = this.#usable.get(id)
    if (member === undefined) return undefined
    member.runs += 1
    const { agent, log } = member
    const giveBack = (): void => {
      member.runs -= 1
      if (this.#leaving.has(member) && member.runs === 0) void this.#stopOne(member)
    }
    return { agent, log, giveBack }
  }

  async assign(source: string, agents: readonly Agent[]): Promise<void> {
    const others = this.#members.filter((member) => member.source !== source)
    checkIds(others, agents)
    const known = new Map(this.#members.map((member) => [member.agent, member]))
    const theirs = agents.map(
      (agent) => known.get(agent) ?? this.#member(agent, { source, own: false })
    )
    await this.#change([...others, ...theirs])
  }

  async setEnabled(id: string, enabled: boolean): Promise<void> {
    if (enabled) this.#disabled.delete(id)
    else this.#disabled.add(id)
    await this.#change(this.#members)
  }

  disabled(): readonly string[] {
    return [...this.#disabled]
  }

  async stop(): Promise<void> {
    const waited = new AbortController()
    const all = [...this.#members, ...this.#leaving].map((member) => this.#stopOne(member))
    const tooLong = this.#parts.clock.sleep(LIMITS.cancelGrace.value, waited.signal)
    await Promise.race([Promise.all(all), tooLong])
    waited.abort()
  }

  #member(agent: Agent, init: Pick<Member, 'source' | 'own'>): Member {
    return { ...init, agent, log: this.#parts.logger.child(agent.id), runs: 0 }
  }

  async #change(members: readonly Member[]): Promise<void> {
    const gone = this.#members.filter((member) => !members.includes(member))
    this.#members = members
    this.#usable = usableOf(members, this.#disabled)
    for (const member of gone) {
      this.#leaving.add(member)
      if (member.runs === 0) void this.#stopOne(member)
    }
    await this.#announce(this.agents())
  }

  #stopOne(member: Member): Promise<void> {
    member.stopping ??= stopAgent(member).finally(() => this.#leaving.delete(member))
    return member.stopping
  }
}

function usableOf(
  members: readonly Member[],
  disabled: ReadonlySet<string>
): ReadonlyMap<string, Member> {
  const usable = members.filter(({ agent, own }) => own || !disabled.has(agent.id))
  return new Map(usable.map((member) => [member.agent.id, member]))
}

async function nobody(): Promise<void> {}

function checkIds(others: readonly Member[], agents: readonly Agent[]): void {
  const taken = new Set(others.map(({ agent }) => agent.id))
  for (const { id } of agents) {
    if (taken.has(id)) throw new LumosError('AGENT_EXISTS', { details: { agent: id } })
    taken.add(id)
  }
  const limit = LIMITS.cardsPerPeer.value
  if (taken.size <= limit) return
  throw new LumosError('AGENTS_FULL', { details: { agents: taken.size, limit } })
}

async function stopAgent({ agent, log }: Member): Promise<void> {
  try {
    await agent.stop?.()
  } catch (error) {
    log.warn('agent did not stop cleanly', { error })
  }
}
