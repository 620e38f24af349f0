/** Tasks on request of a person: run, list, show, cancel, watch. */
import { API_VERSION } from '../../client/api.ts'
import type {
  AnswerRequest,
  Question,
  RunEvent,
  RunRequest,
  TaskDocument,
  TaskList,
  TaskView
} from '../../client/api.ts'
import { textOf, type Message, type Part } from '../../core/a2a.ts'
import { ENSEMBLE_AGENT_ID, ensembleMetadata, isPeerCount } from '../../core/ensemble.ts'
import type { EnsembleOptions, EnsembleWish } from '../../core/ensemble.ts'
import { LumosError, toLumosError, invalidRequest } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { skillMetadata } from '../../core/skill-schemas.ts'
import type { TaskFilter } from '../../gateway/control/operations.ts'
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import type { LedgerDetails, LedgerEntry } from '../../tasks/ledger.ts'
import type { Work } from '../work.ts'

export interface RunOptions {
  readonly signal: AbortSignal
  /** Who at the edge of this node has it done, and alone sees it; absent: the user of this machine. */
  readonly owner?: string
}

/** Starts a task and tells its story; who stops listening leaves it running, unless asked otherwise. */
export async function* runTask(
  { work }: { readonly work: Pick<Work, 'ids' | 'delegations' | 'choosePeer'> },
  request: RunRequest,
  { signal, owner }: RunOptions
): AsyncIterable<RunEvent> {
  const { timeoutMs, taskId, contextId, priority, budget } = request
  const id = taskId ?? work.ids()
  await refuseForNobody(work, { ...request, taskId: id }, signal)
  const message: Message = {
    // Made from the task's id, so that the same request again is the same message.
    messageId: id,
    role: 'ROLE_USER',
    parts: partsOf(request),
    ...(contextId && { contextId }),
    ...metadataOf(request)
  }
  const { id: task, edge } = await work.delegations.delegate({
    taskId: id,
    isNew: taskId === undefined,
    ...placeOf(request),
    ...(owner === undefined ? { message } : markedFor(owner, message, request)),
    priority,
    budget,
    ...(request.detach && { patient: true }),
    ...(timeoutMs !== undefined && { timeoutMs })
  })
  // Somebody else chose the same id for the same words.
  if (owner !== undefined && edge?.owner !== owner) {
    throw new LumosError('TASK_CONFLICT', { details: { task } })
  }
  if (request.detach === true) {
    yield { v: API_VERSION, seq: 0, type: 'accepted', task: { id: task }, atMs: 0 }
    return
  }
  const leave = (): void => {
    // A node that stops has lost no listener: the task is the next process's.
    if (toLumosError(signal.reason).code === 'SHUTTING_DOWN') return
    // It may have ended at that moment.
    work.delegations.cancel(task).catch(() => {})
  }
  if (request.cancelOnDisconnect === true) {
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  }
  yield* numbered(work.delegations.watch(task, { signal }))
  signal.removeEventListener('abort', leave)
}

/** As tasks are that come in over HTTP in the words of A2A. */
function markedFor(owner: string, message: Message, { target, to }: RunRequest) {
  const agent = target.replace(/^@/, '')
  const contextId = message.contextId ?? message.messageId
  const edge = { owner, agent: to === undefined ? agent : `${agent}@${to}`, contextId }
  return { message: { ...message, contextId }, edge }
}

/** What nobody can do is no task, for several peers as for one; a patient order waits for somebody. */
async function refuseForNobody(
  { choosePeer, delegations }: Pick<Work, 'choosePeer' | 'delegations'>,
  { target, where = 'any', policy, ensemble, detach, taskId }: RunRequest & { taskId: string },
  signal: AbortSignal
): Promise<void> {
  if (ensemble === undefined || detach === true) return
  // Asked for again, it is the same task, whoever has gone since.
  if ((await delegations.find(taskId)) !== undefined) return
  await choosePeer({ target, where, ...(policy && { policy }) }, { exclude: [], signal })
}

/** Several peers are asked by an agent of this node. */
function placeOf({ target, to, where = 'any', policy, ensemble }: RunRequest) {
  if (ensemble !== undefined) {
    return { target: `@${ENSEMBLE_AGENT_ID}`, where: 'local' as const }
  }
  return { target, where, ...(to && { to }), ...(policy && { policy }) }
}

function metadataOf(request: RunRequest): Pick<Message, 'metadata'> {
  const { skill, ensemble } = request
  if (skill === undefined && ensemble === undefined) return {}
  return {
    metadata: {
      ...(skill !== undefined && skillMetadata(skill)),
      ...(ensemble && ensembleMetadata(ensembleOf(request, ensemble)))
    }
  }
}

/** Throws INVALID_REQUEST for one that could not be. */
function ensembleOf(
  { target, to, where = 'any', policy }: RunRequest,
  { peers, take = 'first', judge }: EnsembleOptions
): EnsembleWish {
  if (where === 'local' || to) {
    const reason = 'several peers cannot be one node: leave out `to` and `where: local`'
    throw invalidRequest(reason)
  }
  if (!isPeerCount(peers)) {
    const reason = `an ensemble has 2 to ${LIMITS.ensemblePeers.value} peers`
    throw invalidRequest(reason)
  }
  return { target, where, peers, take, ...(policy && { policy }), ...(judge && { judge }) }
}

function partsOf({ text, data }: RunRequest): readonly Part[] {
  const said = text === '' && data !== undefined ? [] : [{ text }]
  return data === undefined ? said : [...said, { data }]
}

export async function* watchTask(
  { work }: OwnTasks,
  id: string,
  options: { readonly signal: AbortSignal; readonly follow: boolean }
): AsyncIterable<RunEvent> {
  yield* numbered(await work.ledger.watch(id, options))
}

/** With an owner: what that one asked for at the edge. */
export async function listTasks(
  { work }: OwnTasks,
  filter: TaskFilter & { readonly owner?: string }
): Promise<TaskList> {
  const { entries, next } = await work.ledger.list(filter)
  return { v: API_VERSION, tasks: entries.map(summaryOf), next }
}

export async function showTask({ work }: OwnTasks, id: string): Promise<TaskDocument> {
  return { v: API_VERSION, task: viewOf(await work.ledger.find(id)) }
}

export async function cancelTask({ work }: OwnTasks, id: string): Promise<TaskDocument> {
  return { v: API_VERSION, task: viewOf(await work.ledger.cancel(id)) }
}

/** The part of an assembly that knows its tasks. */
interface OwnTasks {
  readonly work: Pick<Work, 'delegations' | 'ledger'>
}

export async function answerTask(
  { work }: OwnTasks & { readonly work: Pick<Work, 'ids'> },
  id: string,
  { text, messageId = work.ids() }: AnswerRequest
): Promise<TaskDocument> {
  await work.ledger.findOwn(id)
  await work.delegations.answer(id, { messageId, role: 'ROLE_USER', parts: [{ text }] })
  return { v: API_VERSION, task: viewOf(await work.ledger.find(id)) }
}

export async function retryTask({ work }: OwnTasks, id: string): Promise<TaskDocument> {
  await work.ledger.findOwn(id)
  const { id: again } = await work.delegations.retry(id)
  return { v: API_VERSION, task: viewOf(await work.ledger.find(again)) }
}

export async function removeTask({ work }: OwnTasks, id: string): Promise<TaskDocument> {
  const task = viewOf(await work.ledger.findOwn(id))
  await work.delegations.remove(id)
  return { v: API_VERSION, task }
}

async function* numbered(
  events: AsyncIterable<DelegationEvent> | Iterable<DelegationEvent>
): AsyncIterable<RunEvent> {
  let seq = 0
  for await (const event of events) {
    yield runEvent(event, seq)
    seq += 1
  }
}

function runEvent(event: DelegationEvent, seq: number): RunEvent {
  const head = { v: API_VERSION, seq } as const
  switch (event.type) {
    case 'routed': {
      const { agentId, idempotent: _, resumable: __, ...facts } = event
      return { ...head, ...facts, agent: agentId }
    }
    case 'accepted':
      return { ...head, type: 'accepted', task: { id: event.taskId }, atMs: event.atMs }
    case 'result': {
      const { taskId, state, artifacts, ...facts } = event
      return { ...head, ...facts, task: { id: taskId, state, artifacts } }
    }
    case 'answered': {
      const { message, ...facts } = event
      return { ...head, ...facts, messageId: message.messageId, text: textOf(message.parts) }
    }
    case 'hedged': {
      const { agentId, idempotent: _, resumable: __, ...facts } = event
      return { ...head, ...facts, agent: agentId }
    }
    case 'retry': {
      const { maybeTaken: _, ...facts } = event
      return { ...head, ...facts }
    }
    case 'status':
    case 'artifact':
    case 'input-required':
    case 'hedge-lost':
    case 'waiting':
    case 'resumed':
    case 'restarted':
      return { ...head, ...event }
    default:
      throw new LumosError('INTERNAL')
  }
}

const NOBODY = { id: '', name: '' } as const

function summaryOf(entry: LedgerEntry): TaskList['tasks'][number] {
  const {
    parent,
    worker = NOBODY,
    message,
    createdAt,
    updatedAt,
    tookMs = null,
    error,
    question,
    ...rest
  } = entry
  return {
    ...rest,
    ...(parent !== undefined && { parent }),
    worker,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    tookMs,
    input: textOf(message.parts),
    ...(question && { question: questionOf(question) }),
    ...(error && { error })
  }
}

function questionOf({ auth, text, atMs, parts }: Question): Question {
  return { auth, text, atMs, ...(parts && { parts }) }
}

function viewOf({ artifacts, history, chain, usage, ...entry }: LedgerDetails): TaskView {
  const facts = { ...(chain && { chain }), ...(usage && { usage }) }
  return { ...summaryOf(entry), artifacts, history, ...facts }
}
