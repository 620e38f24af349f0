/** What the control API asks of a node's tools. */
import type {
  ToolCallEvent,
  ToolCallRequest,
  ToolDetails,
  ToolList,
  ToolRuleRequest
} from '../../client/tools-api.ts'

export interface ToolOperations {
  list(): Promise<ToolList>
  /** @throws TOOL_UNKNOWN */
  show(tool: string): Promise<ToolDetails>
  /** @throws TOOL_UNKNOWN, TOOL_INPUT, TOOL_DENIED, TOOL_CONSENT, TOOL_FAILED */
  call(tool: string, request: ToolCallRequest, signal: AbortSignal): AsyncIterable<ToolCallEvent>
  /** @throws TOOL_RULES_FULL */
  rule(request: ToolRuleRequest): Promise<ToolList>
  reset(tool: string): Promise<ToolList>
  setEnabled(tool: string, enabled: boolean): Promise<ToolList>
}
