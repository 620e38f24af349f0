/** Calls one tool for a person or a program that asks for it by name, by the same rules as a model. */
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import type { ToolboxInit } from './tool.ts'
import { makeCall } from './toolbox.ts'
import type { Session, ToolboxComponents } from './toolbox.ts'

export interface DirectCall {
  readonly tool: string
  readonly input: Json
  /** Whoever calls has said yes to what policy would ask. */
  readonly consent: boolean
  readonly onText: (text: string) => void
  readonly signal: AbortSignal
}

const CALL_ID = 'call'

/** @throws as `makeCall`; TOOL_CONSENT */
export async function callDirectly(
  components: ToolboxComponents,
  open: (init: ToolboxInit) => Promise<Session>,
  { tool, input, consent, onText, signal }: DirectCall
): Promise<Json> {
  const init = { tools: [tool], onText: (_: string, text: string) => onText(text) }
  const made = { callId: CALL_ID, tool, input: JSON.stringify(input), signal }
  const session = await open(init)
  const first = await makeCall(components, session, made)
  if (first.type === 'done') return first.output
  if (!consent) throw new LumosError('TOOL_CONSENT', { details: { tool } })
  const answered = { state: session.approval.state(), callId: CALL_ID, text: 'yes' }
  const second = await makeCall(components, await open({ ...init, answered }), made)
  if (second.type === 'done') return second.output
  throw new LumosError('TOOL_CONSENT', { details: { tool } })
}
