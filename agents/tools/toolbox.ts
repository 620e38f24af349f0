/** Stands between a model and the tools of its node: policy, consent, taint and limits, in this order. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
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
interface Session {
  readonly request: ToolboxRequest
  readonly caller: ToolCaller
  readonly taint: Taint
  readonly tools: ReadonlyMap<string, PickedTool>
  readonly approval: Approval
  readonly onText: ToolboxInit['onText']
}

/** What opens the toolboxes of each run. To be called for every run, so that none is unknown later. */
export function createToolboxes(
  components: ToolboxComponents,
  { self }: { readonly self: PeerIdText }
): (request: ToolboxRequest) => OpenToolbox {
  const { taints, registry, rules } = components
  return (request) => {
    const caller = request.caller === self ? 'self' : 'peer'
    const { taint, goesOn } = beginTaint(taints, { ...request, caller })
    return async ({ tools: wanted, onText, answered, seen = [] }) => {
      const tools = pickTools(wanted, registry)
      taints.hold(request.taskId, request.signal)
      const approval = await createApproval({ rules, taint }, { caller, goesOn, answered, seen })
      return createToolbox(components, { request, caller, taint, tools, approval, onText })
    }
  }
}

function createToolbox(components: ToolboxComponents, session: Session): Toolbox {
  const { random, registry, rules } = components
  const { caller, tools, approval } = session
  const nonce = (): string => Buffer.from(random.bytes(9)).toString('base64url')
  const usable = Array.from(tools.values(), ({ tool }) => tool).filter(
    (tool) => decide(tool, caller, rules.all()).verdict !== 'deny'
  )

  async function call(made: ToolCall, signal: AbortSignal): Promise<ToolResult> {
    signal.throwIfAborted()
    const teller = tools.get(made.tool)?.tool ?? { id: made.tool, untrusted: false }
    try {
      const tool = currentTool(tools, made.tool, registry)
      const given = readInput(made.input)
      const input = await unlessAborted(tool.parse(given), signal)
      const question = approval.judge(tool, { callId: made.callId, input: given })
      if (question !== undefined) return { type: 'ask', question }
      const output = await execute(components, session, { tool, input, made, signal })
      return { type: 'done', output, text: resultText(tool, output, nonce) }
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

interface ApprovedCall {
  readonly tool: Tool
  readonly input: unknown
  readonly made: ToolCall
  readonly signal: AbortSignal
}

async function execute(
  { clock, gates }: ToolboxComponents,
  { request, taint, onText }: Session,
  { tool, input, made, signal }: ApprovedCall
): Promise<Json> {
  const { taskId, contextId, caller, log, memory } = request
  const { callId } = made
  const over = await gates.enter(tool, signal)
  // Before it begins: what it says on its way may reach the model, too.
  taint.addFrom(tool)
  log.debug('a tool is called', { tool: tool.id, callId, taskId })
  return runTool(clock, {
    tool,
    input,
    context: {
      taskId,
      contextId,
      caller,
      log,
      memory,
      callId,
      ask: askOf(tool, request),
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
}

/** Whoever asks others lets something out: only a tool that says so may. */
function askOf({ id, effects }: Tool, { ask }: ToolboxRequest): ToolboxRequest['ask'] {
  if (effects.includes('network')) return ask
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
