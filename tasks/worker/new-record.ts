/** What a worker agrees to when it accepts a task: for whom, within which bounds, and in which place. */
import type { Message } from '../../core/a2a.ts'
import { checkHop, depthOf } from '../../core/chain.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { wantedSkill } from '../../core/skill-schemas.ts'
import { receiveBehalf, receiveProof } from '../../protocols/a2a/behalf.ts'
import { receiveChain } from '../../protocols/a2a/chain.ts'
import type { Admission, AdmissionRequest, Place } from './admission.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { TaskGate } from './permission.ts'
import type { TaskKey, TaskRecord } from './task-store.ts'

export interface Submission {
  readonly agentId: string
  readonly message: Message
  /** UUID; made here when the caller has none. */
  readonly taskId?: string
  /** Milliseconds the task may take; at most what the node allows. */
  readonly deadlineMs?: number
  /** Agents that asked each other before this one; default 0. */
  readonly depth?: number
  /** Of the request: tells who asked before (protocols/a2a/chain.ts). */
  readonly metadata?: JsonObject
}

export interface Acceptance {
  readonly place: Place
  /** Part of the record. */
  readonly origin: Pick<TaskRecord, 'chain' | 'depth' | 'proven'>
  /** To be called when the task has ended. */
  readonly ended: () => void
}

interface Doors {
  readonly self: PeerIdText
  readonly gate: TaskGate
  readonly admission: Pick<Admission, 'reserve'>
  readonly held: Pick<HeldBytes, 'take'>
  /** To be held until the task ends. */
  readonly bytes: number
  readonly patienceMs: number
}

/** @throws INVALID_REQUEST, ASKED_TOO_DEEP, ASKED_IN_CIRCLE, FORBIDDEN, BEHALF_INVALID, OVERLOADED */
export async function acceptTask(
  { caller, id }: TaskKey,
  { agentId, message, metadata, depth: told = 0 }: Submission,
  { self, gate, admission, held, bytes, patienceMs }: Doors
): Promise<Acceptance> {
  const received = receiveChain(metadata, { caller, taskId: id })
  // An older node in between has dropped the chain, not the depth.
  const depth = Math.max(told, depthOf(received))
  checkHop(received, { peer: self, agent: agentId }, depth)
  const skill = wantedSkill(message)
  const isOwn = caller === self
  const behalf = isOwn ? receiveBehalf(metadata) : undefined
  const proof = isOwn ? undefined : receiveProof(metadata)
  const wanted = { ...received, ...(behalf && { behalf }) }
  const permission = await gate.admit({
    id,
    caller,
    agentId,
    skill,
    chain: wanted,
    depth,
    ...(proof && { proof })
  })
  const { chain, proven } = permission
  let release: (() => void) | undefined
  try {
    release = held.take(caller, bytes)
    const place = admission.reserve({ agentId, caller, patienceMs, priority: chain.priority })
    const origin = {
      chain,
      ...(depth > 0 && { depth }),
      ...(proven && { proven: true as const })
    }
    const ended = (): void => {
      release?.()
      permission.end()
    }
    return { place, origin, ended }
  } catch (error) {
    release?.()
    // What comes to nothing here uses up nothing of what the caller may.
    permission.undo()
    throw error
  }
}

export interface NewRecord extends Pick<TaskRecord, 'payloadHash' | 'createdAt' | 'contextId'> {
  readonly deadlineMs: number
}

export function newRecord(
  key: TaskKey,
  { agentId, message }: Submission,
  { contextId, payloadHash, createdAt, deadlineMs }: NewRecord
): TaskRecord {
  return {
    ...key,
    agentId,
    contextId,
    message: { ...message, contextId, taskId: key.id },
    payloadHash,
    createdAt,
    deadlineAt: createdAt + deadlineMs
  }
}

/** A place for a task that was accepted before. */
export function placeFor(
  { agentId, caller, deadlineAt, chain }: Omit<TaskRecord, 'message'>,
  now: number
): AdmissionRequest {
  return { agentId, caller, patienceMs: deadlineAt - now, priority: chain?.priority ?? 'normal' }
}
