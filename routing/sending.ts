/** Sends a task to one worker, and learns from what comes of it. */
import type { SendMessageRequest } from '../core/a2a-operations.ts'
import type { StreamResponse } from '../core/a2a.ts'
import { rootChain } from '../core/chain.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import { below } from '../core/trace.ts'
import type { Span, Tracer } from '../core/trace.ts'
import { chainMetadata } from '../protocols/a2a/chain.ts'
import type { A2aCallOptions } from '../protocols/a2a/client.ts'
import { taskIdMetadata } from '../protocols/a2a/extensions.ts'
import { handoverMetadata } from '../protocols/a2a/handover.ts'
import type { DispatchOptions, Placement, WorkOrder } from '../tasks/caller/dispatcher.ts'
import type { Call } from './call-watch.ts'
import { beginningWithin } from './first-answer.ts'
import type { WorkerKey } from './facts.ts'
import type { HedgeBudget } from './hedge-budget.ts'
import type { Selector } from './selector.ts'
import type { Throttle } from './throttle.ts'
import { startAttempt, tracedCall } from './traced-route.ts'
import type { Worker, Workers } from './workers.ts'

/** Shows for whom a task is asked for: metadata of the request, or nothing when there is nothing to show. */
export type ShowBehalf = (
  order: Pick<WorkOrder, 'taskId' | 'chain' | 'depth'>,
  to: { readonly peer: PeerIdText; readonly isHere: boolean; readonly deadlineMs: number }
) => Promise<JsonObject> | undefined

export interface SendingComponents {
  readonly workers: Pick<Workers, 'reach' | 'silent'>
  readonly selector: Pick<Selector, 'begin'>
  readonly clock: Clock
  readonly hedges?: Pick<HedgeBudget, 'overloaded'>
  /** For peers; to be refused by this node itself costs no more than to refuse. */
  readonly throttle?: Throttle
  /** Default: nobody asks for others. */
  readonly behalf?: ShowBehalf
  readonly tracer?: Tracer
}

export interface SendOptions extends DispatchOptions {
  /** Milliseconds until the first word of the worker. */
  readonly patienceMs?: number
  /** Nobody else can do it: silence is waited out, as long as the session lives. */
  readonly isLast?: boolean
}

/** Updates of the worker; throws what it refuses the task with, and what breaks the stream. */
export type Sending = (
  order: WorkOrder,
  placement: Placement,
  options: SendOptions
) => AsyncIterable<StreamResponse>

export function createSending(components: SendingComponents): Sending {
  const { workers, selector, clock, hedges, throttle, behalf, tracer } = components

  /** Throws what the peer would most likely answer. */
  function checkRoom(key: WorkerKey, call: Call): void {
    const refusal = throttle?.refusal(key)
    if (refusal === undefined) return
    call.failed(refusal)
    call.closed()
    throw refusal
  }

  function noRoom(key: WorkerKey, error: LumosError): void {
    hedges?.overloaded()
    throttle?.refused(key, error)
  }

  return async function* send(
    order,
    placement,
    { signal: given, remainingMs, handover, isLast = false, patienceMs = LIMITS.acceptance.value }
  ) {
    const { agentId, path, worker } = placement
    const key = { peer: worker.id, agentId }
    const span = startAttempt(tracer, order, placement)
    const call = tracedCall(selector.begin(key), span)
    if (path !== 'local') checkRoom(key, call)
    const peer = await reach(workers, { peer: key.peer, call, signal: given })
    const deadlineMs = remainingMs() - LIMITS.hopMargin.value
    if (deadlineMs <= 0) {
      call.closed()
      throw new LumosError('TIMED_OUT', { details: { timeoutMs: 0 } })
    }
    const showing = behalf?.(order, { peer: key.peer, isHere: path === 'local', deadlineMs })
    let accepted = false
    try {
      const request = requestFor(order, placement, {
        handover,
        span,
        behalf: showing && (await showing)
      })
      const options = optionsFor(order, deadlineMs)
      // Acceptance takes one write to disk, however long the task has to wait for its turn.
      const first = { timeoutMs: patienceMs, signal: given }
      const ask = (signal: AbortSignal) =>
        peer.sendStreamingMessage(request, { ...options, signal })
      const updates = beginningWithin(clock, first, (signal) =>
        isLast ? ask(signal) : workers.silent.unlessSilent({ placement, signal }, ask)
      )
      for await (const update of updates) {
        call.heard(update)
        if (!accepted) throttle?.accepted(key)
        accepted = true
        yield update
      }
    } catch (cause) {
      const error = toLumosError(cause)
      if (error.code === 'OVERLOADED' && !accepted) noRoom(key, error)
      if (!given.aborted) call.failed(error)
      throw cause
    } finally {
      call.closed()
    }
  }
}

function optionsFor({ depth }: WorkOrder, deadlineMs: number): A2aCallOptions {
  return {
    ...(Number.isFinite(deadlineMs) && { deadlineMs }),
    ...(depth !== undefined && { depth })
  }
}

interface RequestParts {
  readonly handover: SendOptions['handover']
  readonly behalf: JsonObject | undefined
  /** What the worker's spans hang below. */
  readonly span: Span
}

function requestFor(
  { message, taskId, chain = rootChain(taskId) }: WorkOrder,
  { agentId }: Placement,
  { handover, behalf, span }: RequestParts
): SendMessageRequest {
  const { taskId: _, ...sent } = message
  return {
    tenant: agentId,
    message: sent,
    metadata: {
      ...taskIdMetadata(taskId),
      ...chainMetadata(below(chain, span), taskId),
      ...behalf,
      ...(handover && handoverMetadata(handover))
    }
  }
}

async function reach(
  workers: SendingComponents['workers'],
  {
    peer,
    call,
    signal
  }: { readonly peer: PeerIdText; readonly call: Call; readonly signal: AbortSignal }
): Promise<Worker> {
  try {
    return await workers.reach(peer, signal)
  } catch (error) {
    if (!signal.aborted) call.failed(toLumosError(error))
    call.closed()
    throw error
  }
}
