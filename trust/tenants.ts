/** What each tenant may use of this node, and what it may see: its own rules, else those for all. */

/** What is absent is not limited. */
export interface TenantQuotas {
  /** Requests each second, and how many of them at once. */
  readonly rate: number
  readonly burst: number
  /** Tasks that have not ended. */
  readonly concurrency: number
  /** Answers under way, streams among them. */
  readonly streams: number
  /** Of language models, in a day and in a month of UTC. */
  readonly tokensPerDay?: number
  readonly tokensPerMonth?: number
  /** Of ended tasks that can still be read. */
  readonly storageBytes: number
}

export interface TenantRules extends TenantQuotas {
  /** Names of agents, `*` for any letters. */
  readonly agents: readonly string[]
  /** Names of spaces of shared memory. */
  readonly spaces: readonly string[]
}

export interface TenantsInit {
  /** For tokens of no tenant, and what is not said of a tenant. */
  readonly quotas: TenantQuotas
  readonly tenants: Readonly<Record<string, Partial<TenantRules>>>
}

export interface Tenants {
  quotasOf(owner: string): TenantQuotas
  /** Whether `owner` may know of an agent, by its name without `@node`. */
  knows(owner: string, agent: string): boolean
  /** Whether no agent is hidden from it. */
  knowsAll(owner: string): boolean
  /** Whether it may reach a space, if its scopes let it reach any. */
  reaches(owner: string, space: string): boolean
}

const OWNER = /^tenant:(.*)$/

/** One that is no tenant sees all agents and spaces: whoever made its token has given it no tenant. */
export function createTenants({ quotas, tenants }: TenantsInit): Tenants {
  const known = new Map(
    Object.entries(tenants).map(([name, { agents = ['*'], spaces = [], ...own }]) => [
      name,
      {
        quotas: { ...quotas, ...own },
        agents: agents.map(patternOf),
        all: agents.includes('*'),
        spaces: new Set(spaces)
      }
    ])
  )
  const rulesOf = (owner: string) => known.get(nameOf(owner) ?? '')

  return {
    quotasOf: (owner) => rulesOf(owner)?.quotas ?? quotas,
    knows(owner, agent) {
      const [id = ''] = agent.split('@')
      return rulesOf(owner)?.agents.some((pattern) => pattern.test(id)) ?? true
    },
    knowsAll: (owner) => rulesOf(owner)?.all ?? true,
    // A tenant of which nothing is said has no space: what it learns there is not its own.
    reaches: (owner, space) =>
      nameOf(owner) === undefined || rulesOf(owner)?.spaces.has(space) === true
  }
}

function nameOf(owner: string): string | undefined {
  return OWNER.exec(owner)?.[1]
}

function patternOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^\w]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`)
}
