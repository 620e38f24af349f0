/** Stands between a model and the tools of its node: policy, consent, taint and limits, in this order. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { partyOf } from '../../core/party.ts'
import type { Random } from '../../core/random.ts'
import { suggest } from '../../core/suggest.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import type { AgentRequest } from '../agent.ts'
import { createApproval } from './approval.ts'
import type { Approval } from './approval.ts'
import { inputFlaw } from './define-tool.ts'
import type { Gates } from './gates.ts'
import { pickTools } from './pick-tools.ts'
import type { PickedTool } from './pick-tools.ts'
import { decide } from './policy.ts'
import type { ToolCaller } from './rule.ts'
import { unknownTool } from './registry.ts'
import type { ToolRegistry } from './registry.ts'
import { failureText, resultText } from './result-text.ts'
import type { ToolRules } from './rules.ts'
import { runTool } from './run-tool.ts'
import { beginTaint } from './taint.ts'
import type { Taint, Taints } from './taint.ts'
import type { OpenToolbox, Tool, Toolbox, ToolboxInit, ToolCall, ToolResult } from './tool.ts'

export interface ToolboxComponents {
  readonly clock: Clock
  readonly random: Random
  readonly registry: Pick<ToolRegistry, 'tools' | 'find' | 'entries'>
  readonly rules: ToolRules
  readonly taints: Taints
  readonly gates: Gates
}

/** A run as the toolbox needs to know it. */
export type ToolboxRequest = Pick<
  AgentRequest,
  | 'taskId'
  | 'contextId'
  | 'caller'
  | 'principal'
  | 'log'
  | 'ask'
  | 'memory'
  | 'remainingMs'
  | 'signal'
  | 'history'
> & {
  /** Agents that asked each other before this run; 0 when a person or a program did. */
  readonly depth: number
}

/** One run and what it may do, for as long as it lasts. */
export interface Session {
  readonly request: ToolboxRequest
  readonly caller: ToolCaller
  readonly taint: Taint
  readonly tools: ReadonlyMap<string, PickedTool>
  readonly approval: Approval
  readonly onText: ToolboxInit['onText']
}

/** Begins the session of each run. To be called for every run, so that none is unknown later. */
export function createSessions(
  { taints, registry, rules }: ToolboxComponents,
  { self }: { readonly self: PeerIdText }
): (request: ToolboxRequest) => (init: ToolboxInit) => Promise<Session> {
  return (request) => {
    const caller = callerOf(request, self)
    const { taint, goesOn } = beginTaint(taints, { ...request, caller })
    return async ({ tools: wanted, onText, answered, seen = [] }) => {
      const tools = pickTools(wanted, registry)
      taints.hold(request.taskId, request.signal)
      const approval = await createApproval({ rules, taint }, { caller, goesOn, answered, seen })
      return { request, caller, taint, tools, approval, onText }
    }
  }
}

/**
 * Whose wish decides what tools may do: agents of this node hand on what peers asked them, in the node's name, and
 * so does its edge with what comes over HTTP.
 */
function callerOf({ caller, principal, history }: ToolboxRequest, self: PeerIdText): ToolCaller {
  const [order] = history
  const isOwn = caller === self && (principal?.peer ?? self) === self
  return isOwn && (order === undefined || partyOf(order) === undefined) ? 'self' : 'peer'
}

/** What opens the toolboxes of each run: see {@link createSessions}. */
export function createToolboxes(
  components: ToolboxComponents,
  init: { readonly self: PeerIdText }
): (request: ToolboxRequest) => OpenToolbox {
  const begin = createSessions(components, init)
  return (request) => {
    const open = begin(request)
    return async (wanted) => createToolbox(components, await open(wanted))
  }
}

function createToolbox(components: ToolboxComponents, session: Session): Toolbox {
  const { random, rules } = components
  const { caller, tools, approval } = session
  const nonce = (): string => Buffer.from(random.bytes(9)).toString('base64url')
  const usable = Array.from(tools.values(), ({ tool }) => tool).filter(
    (tool) => decide(tool, caller, rules.all()).verdict !== 'deny'
  )

  async function call(made: ToolCall, signal: AbortSignal): Promise<ToolResult> {
    signal.throwIfAborted()
    const teller = tools.get(made.tool)?.tool ?? { id: made.tool, untrusted: false }
    try {
      const result = await makeCall(components, session, { ...made, signal })
      if (result.type === 'ask') return result
      return { ...result, text: resultText(teller, result.output, nonce) }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      return { type: 'failed', ...failureText(teller, error, nonce) }
    }
  }

  return {
    tools: usable.slice(0, LIMITS.toolsOffered.value),
    state: () => approval.state(),
    call
  }
}

/**
 * One call, as a toolbox makes it, for those who want what it throws.
 *
 * @throws TOOL_UNKNOWN, TOOL_INPUT, TOOL_DENIED, TOOL_BUSY, TOOL_TIMED_OUT, TOOL_OUTPUT; whatever the tool
 * throws; the reason of `signal`
 */
export async function makeCall(
  components: ToolboxComponents,
  session: Session,
  made: ToolCall & { readonly signal: AbortSignal }
): Promise<Done | { readonly type: 'ask'; readonly question: string }> {
  const { callId, signal } = made
  const tool = currentTool(session.tools, made.tool, components.registry)
  const given = readInput(made.input)
  const input = await unlessAborted(tool.parse(given), signal)
  const question = session.approval.judge(tool, { callId, input: given })
  if (question !== undefined) return { type: 'ask', question }
  return execute(components, session, { tool, input, callId, signal })
}

type Done = Omit<Extract<ToolResult, { readonly type: 'done' }>, 'text'>

interface ApprovedCall {
  readonly tool: Tool
  readonly input: unknown
  readonly callId: string
  readonly signal: AbortSignal
}

async function execute(
  { clock, gates }: ToolboxComponents,
  { request, taint, onText }: Session,
  { tool, input, callId, signal }: ApprovedCall
): Promise<Done> {
  const { taskId, contextId, caller, log, memory } = request
  const over = await gates.enter(tool, signal)
  // Before it begins: what it says on its way may reach the model, too.
  taint.addFrom(tool)
  log.debug('a tool is called', { task: taskId, tool: tool.id, call: callId })
  let node: string | undefined
  const ask = askOf(tool, request, (name) => {
    node = name
  })
  const output = await runTool(clock, {
    tool,
    input,
    context: {
      taskId,
      contextId,
      caller,
      log,
      memory,
      callId,
      ask,
      remainingMs: request.remainingMs,
      say: (text) => onText(callId, text)
    },
    signal,
    timeoutMs: Math.max(
      0,
      Math.min(tool.timeoutMs ?? LIMITS.toolTimeout.value, request.remainingMs())
    ),
    over
  })
  return { type: 'done', output, ...(node !== undefined && { node }) }
}

/** Whoever asks others lets something out: only a tool that says so may. `onNode` is told who was found. */
function askOf(
  { id, effects }: Tool,
  { ask }: ToolboxRequest,
  onNode: (name: string | undefined) => void
): ToolboxRequest['ask'] {
  if (effects.includes('network')) {
    return (target, input, options = {}) =>
      ask(target, input, {
        ...options,
        onEvent(event) {
          if (event.type === 'routed') onNode(event.node?.name)
          options.onEvent?.(event)
        }
      })
  }
  const reason = 'it asks other agents and does not declare the effect network'
  return () => Promise.reject(new LumosError('TOOL_DENIED', { details: { tool: id, reason } }))
}

/** @throws TOOL_UNKNOWN, TOOL_DENIED for one that was disabled meanwhile */
function currentTool(
  tools: ReadonlyMap<string, PickedTool>,
  id: string,
  registry: ToolboxComponents['registry']
): Tool {
  const picked = tools.get(id)
  if (picked === undefined) throw unknownTool(id, suggest(id, tools.keys()))
  const tool = picked.from === 'agent' ? picked.tool : registry.find(id)
  if (tool !== undefined) return tool
  throw new LumosError('TOOL_DENIED', { details: { tool: id, reason: 'it was disabled' } })
}

/** Models write an empty text where a tool takes nothing. */
function readInput(text: string): Json {
  const limit = LIMITS.toolInput.value
  if (text.length > limit) throw inputFlaw(`more than ${limit} characters`)
  if (text.trim() === '') return {}
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch {
    throw inputFlaw('it is no JSON')
  }
}
