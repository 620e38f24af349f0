/** What a task carries from agent to agent: who asked before, how much may be spent, how urgent it is, and its trace. */
import { smallerBudget } from './budget.ts'
import type { Budget } from './budget.ts'
import { LumosError } from './errors.ts'
import type { PeerIdText } from './ids.ts'
import { LIMITS } from './limits.ts'
import type { Priority } from './priority.ts'
import { formatTraceparent, spanOfTask } from './trace.ts'
import type { TraceContext } from './trace.ts'

/** One who asked. */
export interface Hop {
  readonly peer: PeerIdText
  /** Agent id; empty for a person or a program at that node. */
  readonly agent: string
}

/**
 * What this node can show of for whom it asks. Passed between parts of one node; to others goes what is
 * made of it for them (trust/grants/behalf.ts).
 */
export interface Behalf {
  /** Id of the task by which this node was asked: who asked first of all can sign for it, by this name. */
  readonly task: string
  /** Signed by all who asked before, for this node; absent when the first itself asked this node. */
  readonly token?: string
  /** Grants of the first: what it may elsewhere, which others may have to be shown. */
  readonly grants?: readonly string[]
}

export interface Chain extends TraceContext {
  /** Who asked, in order; empty at the node where a person or a program asks. */
  readonly path: readonly Hop[]
  /** Agents that may ask each other in a row. */
  readonly maxHops: number
  readonly priority: Priority
  readonly budget?: Budget
  /** There when it is proven who asked first, and that is a peer. */
  readonly behalf?: Behalf
}

export interface ChainWish {
  readonly priority?: Priority | undefined
  readonly budget?: Budget | undefined
  /** What the order is part of, where somebody traces already. */
  readonly under?: TraceContext | undefined
}

/** Of an order that no agent asked for. A task id is as unique as a trace id, and as long. */
export function rootChain(
  taskId: string,
  { priority = 'normal', budget, under }: ChainWish = {}
): Chain {
  return {
    ...(under ?? { trace: taskId.replaceAll('-', '') }),
    path: [],
    maxHops: LIMITS.agentAskDepth.value,
    priority,
    ...(budget && { budget })
  }
}

/** Agents that asked each other. */
export function depthOf({ path }: Pick<Chain, 'path'>): number {
  return path.filter(({ agent }) => agent !== '').length
}

/** Whether that very agent of that very node is among those who wait for the answer. */
export function isInChain({ path }: Pick<Chain, 'path'>, { peer, agent }: Hop): boolean {
  return path.some((hop) => hop.peer === peer && hop.agent === agent)
}

/** Peers that asked each other, in order: agents of one node that did are one of them. */
export function askersOf({ path }: Pick<Chain, 'path'>): readonly PeerIdText[] {
  return path.map(({ peer }) => peer).filter((peer, index, all) => peer !== all[index - 1])
}

/** What `asker` gives to those it asks. */
export function extendChain(chain: Chain, asker: Hop, budget?: Budget): Chain {
  const { budget: _, ...rest } = chain
  return { ...rest, path: [...chain.path, asker], ...(budget && { budget }) }
}

/** The same, within bounds of somebody else. */
export function narrowChain(
  chain: Chain,
  { maxHops, ...most }: Budget & { readonly maxHops: number }
): Chain {
  const budget = smallerBudget(chain.budget, most)
  return {
    ...chain,
    maxHops: Math.min(chain.maxHops, maxHops),
    ...(Object.keys(budget).length > 0 && { budget })
  }
}

/** @throws ASKED_TOO_DEEP, ASKED_IN_CIRCLE */
export function checkHop(chain: Chain, asked: Hop, depth = depthOf(chain)): void {
  const limit = Math.min(chain.maxHops, LIMITS.agentAskDepth.value)
  if (depth > limit) throw new LumosError('ASKED_TOO_DEEP', { details: { limit } })
  if (isInChain(chain, asked)) throw askedInCircle(asked.agent)
}

export function askedInCircle(agent: string): LumosError {
  return new LumosError('ASKED_IN_CIRCLE', { details: { agent: agent.slice(0, 64) } })
}

/** Where nobody traces, the span is that of the task itself. */
export function traceparentOf(chain: TraceContext, taskId: string): string {
  return formatTraceparent({ ...chain, span: chain.span ?? spanOfTask(taskId) })
}
