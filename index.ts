/** Everything that `lumos-mesh` exports. */
export { createNode } from './node/create-node.ts'
export type { LumosNode, NodeOptions, RunOptions } from './node/create-node.ts'
export {
  authRequired,
  callerTexts,
  defineAgent,
  inputError,
  inputRequired
} from './agents/agent.ts'
export type {
  Agent,
  AgentDefinition,
  AgentOutput,
  AgentQuestion,
  AgentRequest,
  AgentTimeouts,
  ArtifactInit,
  AskEvent,
  AskOptions,
  SkillDefinition
} from './agents/agent.ts'
export { llmAgent } from './agents/llm/llm-agent.ts'
export type {
  Dynamic,
  LlmAgentDefinition,
  LlmContext,
  LlmLimits,
  LlmMemory,
  LlmSettings
} from './agents/llm/definition.ts'
export { tool } from './agents/tools/define-tool.ts'
export type { ToolDefinition, ToolSchema, TypedTool } from './agents/tools/define-tool.ts'
export { fanOut, mapTool, pipeTools } from './agents/tools/chains.ts'
export type { ChainInit, Link } from './agents/tools/chains.ts'
export type { StandardSchema } from './agents/tools/standard-schema.ts'
export type {
  OpenToolbox,
  Tool,
  Toolbox,
  ToolboxInit,
  ToolCall,
  ToolContext,
  ToolEffect,
  ToolResult
} from './agents/tools/tool.ts'
export { toolAgent } from './agents/tools/tool-agent.ts'
export type { ToolAgentDefinition } from './agents/tools/tool-agent.ts'
export { LumosError } from './core/errors.ts'
export type { ErrorCode, WireError } from './core/errors.ts'
export type { AgentCard, AgentSkill, Artifact, Message, Part, Task, TaskState } from './core/a2a.ts'
export type { Json, JsonObject } from './core/json.ts'
export type { Logger } from './core/logger.ts'
export type {
  Fact,
  FactEvent,
  FactHit,
  FactHits,
  FactInit,
  FactQuery,
  FactSearch,
  FactWatch,
  Memory,
  MemoryBlobs,
  MessageQuery,
  SpaceMemory,
  Thread,
  ThreadInit,
  ThreadMessage,
  ThreadMessageInit,
  ThreadRole,
  Threads
} from './core/memory.ts'
export type {
  AgentList,
  AgentSummary,
  FindResult,
  Peer,
  PeerList,
  Provider,
  RunEvent,
  Status
} from './client/api.ts'
