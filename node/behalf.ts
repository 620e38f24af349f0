/** Joins what proves for whom a task is done: signed when it is passed on, and checked when it comes. */
import { askersOf, depthOf } from '../core/chain.ts'
import type { Behalf, Chain } from '../core/chain.ts'
import type { JsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import { behalfMetadata, proofMetadata } from '../protocols/a2a/behalf.ts'
import { createBehalfExchange } from '../protocols/behalf/exchange.ts'
import type { BehalfExchange, Signed } from '../protocols/behalf/exchange.ts'
import type { ShowBehalf } from '../routing/sending.ts'
import type { Delegations } from '../tasks/caller/delegations.ts'
import type { TaskWish } from '../tasks/worker/permission.ts'
import { createBehalfSigner, createSeenTokens, verifyBehalf } from '../trust/grants/behalf.ts'
import type { BehalfInit, BehalfSigner } from '../trust/grants/behalf.ts'
import type { NodeComponents, Wire } from './wire.ts'

/** What the first asker lets be done. @throws BEHALF_INVALID */
export type CheckBehalf = (wish: TaskWish) => ReturnType<typeof verifyBehalf>

export function createBehalfCheck(
  { clock }: Pick<NodeComponents, 'clock'>,
  { identity, swarm, authority }: Pick<Wire, 'identity' | 'swarm' | 'authority'>
): CheckBehalf {
  const seen = createSeenTokens()
  return ({ id: task, chain, proof }) =>
    verifyBehalf(proof?.token ?? '', {
      self: identity.peer,
      task,
      root: chain.trace,
      with: `swarm:${swarm.id}`,
      askers: askersOf(chain),
      now: clock.now(),
      isRevoked: (claims) => authority.revocations.covers(claims),
      seen
    })
}

export interface NodeBehalfComponents extends Pick<NodeComponents, 'clock' | 'random'> {
  readonly wire: Pick<Wire, 'identity' | 'swarm' | 'sessions' | 'grants'>
  readonly delegations: () => Pick<Delegations, 'heldBy'>
}

/** Answers peers that want this node's own signature, too. */
export function createShowBehalf(components: NodeBehalfComponents): ShowBehalf {
  const { clock, wire } = components
  const sign = createBehalfSigner(components, wire.identity)
  const swarm = `swarm:${wire.swarm.id}`
  const { sessions } = wire
  const exchange = createBehalfExchange({
    sessions,
    sign: (peer, task) => signOwn(components, { sign, peer, task, swarm })
  })

  async function show({ order, chain, behalf, to }: Showing): Promise<JsonObject> {
    const { token, grants } = await signedFor(exchange, { chain, behalf })
    if (token === undefined) return {}
    const link = await sign({
      audience: to.peer,
      task: order.taskId,
      root: chain.trace,
      with: swarm,
      limits: limitsOf(chain, order.depth),
      expiresAt: clock.now() + Math.min(to.deadlineMs, LIMITS.taskDuration.value),
      proof: token
    })
    if (link === undefined) return {}
    return proofMetadata({ token: link, ...(grants && { grants }) })
  }

  return (order, to) => {
    const { chain } = order
    if (chain?.behalf === undefined) return undefined
    const { behalf } = chain
    if (to.isHere) return Promise.resolve(behalfMetadata(behalf))
    return show({ order, chain, behalf, to })
  }
}

interface Showing {
  readonly order: Parameters<ShowBehalf>[0]
  readonly chain: Chain
  readonly behalf: Behalf
  readonly to: Parameters<ShowBehalf>[1]
}

/** The first asker is only asked for its signature when there is somebody to show it to. */
async function signedFor(
  exchange: BehalfExchange,
  { chain, behalf }: Pick<Showing, 'chain' | 'behalf'>
): Promise<Partial<Signed>> {
  if (behalf.token !== undefined) return behalf
  const [first] = askersOf(chain)
  return (first !== undefined && (await exchange.fetch(first, behalf.task))) || {}
}

interface Signing {
  readonly sign: BehalfSigner
  readonly peer: string
  readonly task: string
  readonly swarm: string
}

/** Only for a task that the peer was given by this node, which nobody else had asked for. */
async function signOwn(
  { wire, delegations }: NodeBehalfComponents,
  { sign, peer, task, swarm }: Signing
): Promise<Signed | undefined> {
  const record = delegations().heldBy(peer, task)
  const chain = record?.order.chain
  if (record === undefined || chain === undefined) return undefined
  const [first = wire.identity.peer, ...others] = askersOf(chain)
  if (first !== wire.identity.peer || others.length > 0) return undefined
  const { order, createdAt, deadlineAt = createdAt + LIMITS.taskDuration.value } = record
  const token = await sign({
    audience: peer,
    task,
    root: chain.trace,
    with: swarm,
    limits: limitsOf(chain, order.depth),
    expiresAt: deadlineAt
  })
  if (token === undefined) return undefined
  return { token, grants: elsewhere(wire.grants, swarm) }
}

/** Who is asked next has not been told of grants that are for the whole swarm. */
function elsewhere(grants: Wire['grants'], swarm: string): readonly string[] {
  const fitting = grants
    .held()
    .filter(({ claims }) => claims.with === swarm && claims.can.includes('task/send'))
    .filter(({ claims }) => grants.stateOf(claims) === 'in-force')
  return fitting.slice(0, LIMITS.behalfGrants.value).map(({ token }) => token)
}

function limitsOf(chain: Chain, depth = depthOf(chain)): BehalfInit['limits'] {
  const { tokens, money } = chain.budget ?? {}
  const maxHops = Math.min(chain.maxHops, LIMITS.agentAskDepth.value)
  return {
    depth: Math.max(0, maxHops - depth),
    ...(tokens !== undefined && { tokens }),
    ...(money !== undefined && { money })
  }
}
