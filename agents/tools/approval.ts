/** Decides about each call of one run: what policy and taint say, and what a person has answered. */
import { LumosError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import {
  askedCall,
  isSameCall,
  labelsIn,
  questionOf,
  readAnswer,
  readState,
  writeState
} from './consent.ts'
import type { Answer, AskedCall } from './consent.ts'
import { decide } from './policy.ts'
import type { ToolCaller } from './rule.ts'
import type { ToolRules } from './rules.ts'
import { couldLeak, TAINT_LABELS } from './taint.ts'
import type { Taint } from './taint.ts'
import type { Tool, ToolboxAnswer } from './tool.ts'

export interface ApprovalInit {
  readonly caller: ToolCaller
  /** The run goes on with a task whose first runs this process does not know. */
  readonly goesOn: boolean
  readonly answered: ToolboxAnswer | undefined
  readonly seen: readonly JsonObject[]
}

export interface Approval {
  /**
   * What a person has to be asked before the call; `undefined` when it may be made.
   *
   * @throws TOOL_DENIED
   */
  judge(tool: Tool, call: { readonly callId: string; readonly input: Json }): string | undefined
  /** See `Toolbox.state`. */
  state(): JsonObject
}

/** Takes up the states of earlier runs; remembers an `always` as a rule. */
export async function createApproval(
  { rules, taint }: { readonly rules: ToolRules; readonly taint: Taint },
  { caller, goesOn, answered, seen }: ApprovalInit
): Promise<Approval> {
  taint.addAll(labelsIn(answered === undefined ? seen : [...seen, answered.state]))
  // What it saw is not known: the worst is thought.
  if (goesOn && answered === undefined) taint.addAll(TAINT_LABELS)
  const settled = await readAnswered(rules, caller, answered)
  const asked = new Map<string, AskedCall>()
  let answer = settled

  function judge(
    tool: Tool,
    { callId, input }: { readonly callId: string; readonly input: Json }
  ): string | undefined {
    const { verdict, reason, tainted } = decide(tool, caller, rules.all())
    if (verdict === 'deny') throw denied(tool, reason)
    const leaks = couldLeak(tool, taint) && !tainted
    if (verdict === 'allow' && !leaks) return undefined
    if (caller === 'peer') throw denied(tool, LEAKS)
    const call = askedCall(tool, input, leaks)
    if (answer?.callId !== callId || !isSameCall(answer.call, call)) {
      asked.set(callId, call)
      return questionOf(tool, input, call)
    }
    const { said } = answer
    // For this one call, once.
    answer = undefined
    if (said.type === 'no') throw denied(tool, `a person was asked and answered: ${said.text}`)
    return undefined
  }

  return { judge, state: () => writeState(taint, asked) }
}

const LEAKS = 'the task has read private data and text of strangers, and nobody can be asked here'

function denied({ id }: Tool, reason: string): LumosError {
  return new LumosError('TOOL_DENIED', { details: { tool: id, reason } })
}

interface Answered {
  readonly callId: string
  readonly call: AskedCall
  readonly said: Answer
}

async function readAnswered(
  rules: ToolRules,
  caller: ToolCaller,
  answered: ToolboxAnswer | undefined
): Promise<Answered | undefined> {
  // What a peer answers to its own task allows nothing here.
  if (answered === undefined || caller === 'peer') return undefined
  const { callId, state, text } = answered
  const call = readState(state)?.asked[callId]
  if (call === undefined) return undefined
  const said = readAnswer(text)
  if (said.type === 'always' && !call.tainted) {
    await rules.set({ tool: call.tool, caller: 'self', action: 'allow' })
  }
  return { callId, call, said }
}
