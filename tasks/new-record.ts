/** What a worker agrees to when it accepts a task: who asked before it is checked here. */
import { checkHop, depthOf } from '../core/chain.ts'
import type { PeerIdText } from '../core/ids.ts'
import { receiveChain } from '../protocols/a2a/chain.ts'
import type { AdmissionRequest } from './admission.ts'
import type { Submission } from './engine.ts'
import type { TaskKey, TaskRecord } from './task-store.ts'

/** @throws INVALID_REQUEST, ASKED_TOO_DEEP, ASKED_IN_CIRCLE */
export function receivedChain(
  { caller, id }: TaskKey,
  { agentId, metadata, depth: told = 0 }: Submission,
  self: PeerIdText
): Pick<TaskRecord, 'chain' | 'depth'> {
  const chain = receiveChain(metadata, { caller, taskId: id })
  // An older node in between has dropped the chain, not the depth.
  const depth = Math.max(told, depthOf(chain))
  checkHop(chain, { peer: self, agent: agentId }, depth)
  return { chain, ...(depth > 0 && { depth }) }
}

/** A place for a task that was accepted before. */
export function placeFor(
  { agentId, caller, deadlineAt, chain }: Omit<TaskRecord, 'message'>,
  now: number
): AdmissionRequest {
  return { agentId, caller, patienceMs: deadlineAt - now, priority: chain?.priority ?? 'normal' }
}
