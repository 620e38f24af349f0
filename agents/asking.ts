/** How one agent asks another: the one of that id on its own node, else whoever can in the swarm. */
import { type Part, textOf } from '../core/a2a.ts'
import type { EnsembleOptions } from '../core/ensemble.ts'
import { checkHop, extendChain } from '../core/chain.ts'
import type { Chain } from '../core/chain.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { partyOf, withParty } from '../core/party.ts'
import { createPurse } from '../core/purse.ts'
import type { Purse, Share } from '../core/purse.ts'
import { unlessAborted } from '../core/unless-aborted.ts'
import { RESULT_ARTIFACT_ID } from './agent.ts'
import type { AgentOutput, AskEvent, AskOptions } from './agent.ts'
import { createCollector } from './collector.ts'
import type { AgentRun } from './runner.ts'

/** A question that no agent of this node answers by its id. */
export interface SwarmQuestion {
  /** Agent id, skill id, tag, `@agent` or `@agent@node`. */
  readonly target: string
  readonly parts: readonly Part[]
  /** The task whose agent asks. */
  readonly parent: string
  readonly contextId: string
  /** For whom the one that asks was asked (core/party.ts). */
  readonly party?: string | undefined
  /** Agents that asked each other before the one that is asked now, from 1. */
  readonly depth: number
  /** Who asked before, the one that asks now last; its budget is what the answer may cost. */
  readonly chain?: Chain
  /** To be told what came of that budget. */
  readonly share?: Pick<Share, 'settle' | 'giveBack'>
  /** Milliseconds the answer may still take. */
  readonly timeoutMs: () => number
  /** Ends with the run that asks: then nobody wants the answer. */
  readonly signal: AbortSignal
  /** To be called whenever the one that is asked says something. */
  readonly heartbeat: () => void
  /** Pieces of its result's text, in order. */
  readonly onText?: ((text: string) => void) | undefined
  readonly onEvent?: ((event: AskEvent) => void) | undefined
  /** It goes to several peers. */
  readonly ensemble?: EnsembleOptions | undefined
}

/** Resolves to the parts of the other's `result`; rejects with what it failed with. */
export type AskSwarm = (question: SwarmQuestion) => Promise<readonly Part[]>

export interface AskingComponents {
  /** Whether this node has an agent of that id. */
  readonly isHere: (agentId: string) => boolean
  readonly run: (task: AgentRun) => AsyncIterable<AgentOutput>
  readonly askSwarm: AskSwarm
}

export interface Question {
  readonly target: string
  readonly input: string | readonly Part[]
  readonly options?: AskOptions | undefined
}

/** A run, and what those it asks get of it. */
export type Asker = AgentRun & { readonly chain: Chain; readonly purse: Purse }

export type Asking = (asker: Asker, question: Question) => Promise<readonly Part[]>

export function createAsking({ isHere, run, askSwarm }: AskingComponents): Asking {
  return async (asker, { target, input, options = {} }) => {
    const { heartbeat, contextId, taskId, chain, purse } = asker
    const { onText, onEvent, ensemble } = options
    const signal =
      options.signal === undefined ? asker.signal : AbortSignal.any([asker.signal, options.signal])
    signal.throwIfAborted()
    const depth = asker.depth + 1
    const parts = typeof input === 'string' ? [{ text: input }] : input
    const agentId = target.startsWith('@') ? target.slice(1) : target
    const isAtHome = ensemble === undefined && isHere(agentId)
    const own = { peer: chain.path.at(-1)?.peer ?? '', agent: agentId }
    checkHop(chain, isAtHome ? own : NOBODY, depth)
    const reserve = { wish: options.budget, signal }
    if (isAtHome) {
      const share = await purse.reserve(reserve)
      onEvent?.({ type: 'routed', agent: agentId })
      const its = {
        chain: extendChain(chain, own),
        purse: createPurse(share.budget),
        depth,
        signal
      }
      const outputs = run({ ...asQuestion(asker, agentId, parts), ...its })
      const answer = answerOf(outputs, { agentId, heartbeat, options })
      try {
        return await unlessAborted(answer, signal)
      } finally {
        // One that was given up may spend on until it has ended.
        share.settle(signal.aborted ? undefined : its.purse.used)
      }
    }
    // What is left after it, the one that asks needs to say what came of it.
    const timeoutMs = (): number => asker.remainingMs() - LIMITS.hopMargin.value
    if (timeoutMs() <= 0) throw new LumosError('TIMED_OUT', { details: { timeoutMs: 0 } })
    const share = await purse.reserve(reserve)
    return askSwarm({
      target,
      parts,
      parent: taskId,
      contextId,
      party: partyOf(asker.message),
      depth,
      chain: { ...chain, ...(share.budget && { budget: share.budget }) },
      share,
      timeoutMs,
      signal,
      heartbeat,
      onText,
      onEvent,
      ensemble
    })
  }
}

/** Who in the swarm will be asked is not known yet; the router and the one itself look at it again. */
const NOBODY = { peer: '', agent: '' }

function asQuestion(asker: AgentRun, agentId: string, parts: readonly Part[]): AgentRun {
  const { resumed: _, history: __, ...rest } = asker
  const messageId = `${asker.message.messageId}/${agentId}`
  const message = withParty({ messageId, role: 'ROLE_USER', parts }, partyOf(asker.message))
  return { ...rest, agentId, message }
}

interface Listening {
  readonly agentId: string
  readonly heartbeat: () => void
  readonly options: AskOptions
}

async function answerOf(
  outputs: AsyncIterable<AgentOutput>,
  { agentId, heartbeat, options }: Listening
): Promise<readonly Part[]> {
  const answer = createCollector(agentId)
  for await (const output of outputs) {
    // Whoever waits for somebody that is alive is alive.
    heartbeat()
    answer.add(output)
    tell(output, options)
  }
  return answer.parts()
}

function tell(output: AgentOutput, { onText, onEvent }: AskOptions): void {
  if (typeof output === 'string') return onText?.(output)
  if (output.type === 'progress') {
    const { type: _, ...said } = output
    return onEvent?.({ type: 'progress', ...said })
  }
  if (output.type !== 'artifact' || output.artifact.artifactId !== RESULT_ARTIFACT_ID) return
  const text = textOf(output.artifact.parts)
  if (text !== '') onText?.(text)
}
