/** Which of several agents to ask: explicit wishes first, then this node, then the quicker of two. */
import type { PeerIdText } from '../core/ids.ts'
import type { Random } from '../core/random.ts'
import type { RouteProvider } from './directory-port.ts'

export interface Constraints {
  readonly where: 'local' | 'remote' | 'any'
  /** The only node that may do it. */
  readonly node: PeerIdText | undefined
}

/** What this node measured itself. */
export interface Measurement {
  /** Round trip of the session; `undefined` without one. */
  readonly rttMs: number | undefined
  /** Tasks that this node has with that peer at the moment. */
  readonly inFlight: number
}

/** How exactly a name has to fit: when an agent bears the name, skills of that name do not count. */
const PRECEDENCE = ['agent', 'skill', 'prefix', 'tag'] as const

/** Those that may be asked: of the best kind of match only, one entry an agent. */
export function candidatesOf(
  providers: readonly RouteProvider[],
  { where, node }: Constraints
): readonly RouteProvider[] {
  const allowed = providers.filter(
    ({ peer, local }) =>
      (node === undefined || peer === node) && (where === 'any' || local === (where === 'local'))
  )
  for (const kind of PRECEDENCE) {
    const fitting = allowed.filter(({ match }) => match === kind)
    if (fitting.length > 0) return uniqueAgents(fitting)
  }
  return []
}

/**
 * The next to ask. This node's own agent comes first: no wire is faster. Of the others, two are drawn
 * and the cheaper one taken (power of two choices): always taking the very best would send the tasks
 * of all nodes to the same peer at once.
 */
export function choose(
  candidates: readonly RouteProvider[],
  measure: (peer: PeerIdText) => Measurement,
  random: Random
): RouteProvider | undefined {
  const own = candidates.find(({ local }) => local)
  if (own !== undefined) return own
  const connected = candidates.filter((candidate) => candidate.connected)
  const pool = connected.length > 0 ? [...connected] : [...candidates]
  const first = draw(pool, random)
  const second = draw(pool, random)
  if (first === undefined || second === undefined) return first
  const [a, b] = [first, second].map((one) => costOf(one, measure(one.peer)))
  return (a ?? 0) <= (b ?? 0) ? first : second
}

/** Assumed for a peer that has not been measured: worse than a LAN, better than an ocean. */
const UNKNOWN_RTT_MS = 50
/** What handing over costs even without distance; keeps load meaningful between peers of one host. */
const FIXED_MS = 5

/** Expected milliseconds until the peer begins, roughly: distance, stretched by how busy it is. */
function costOf({ load = 0 }: RouteProvider, { rttMs, inFlight }: Measurement): number {
  return ((rttMs ?? UNKNOWN_RTT_MS) + FIXED_MS) * (1 + 4 * load + inFlight)
}

function draw(pool: RouteProvider[], random: Random): RouteProvider | undefined {
  return pool.splice(Math.floor(random.next() * pool.length), 1)[0]
}

function uniqueAgents(providers: readonly RouteProvider[]): readonly RouteProvider[] {
  const byAgent = new Map<string, RouteProvider>()
  for (const provider of providers) byAgent.set(`${provider.peer}/${provider.agentId}`, provider)
  return [...byAgent.values()]
}
