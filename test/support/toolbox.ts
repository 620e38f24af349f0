/** Opens toolboxes for a test as a node does for the runs of its agents. */
import { tool } from '../../agents/tools/define-tool.ts'
import type { ToolDefinition } from '../../agents/tools/define-tool.ts'
import { createGates } from '../../agents/tools/gates.ts'
import type { ToolRule } from '../../agents/tools/rule.ts'
import { createToolRegistry } from '../../agents/tools/registry.ts'
import { createToolRules } from '../../agents/tools/rules.ts'
import type { OwnRule } from '../../agents/tools/rules.ts'
import { createTaints } from '../../agents/tools/taint.ts'
import { createToolboxes } from '../../agents/tools/toolbox.ts'
import type { ToolboxRequest } from '../../agents/tools/toolbox.ts'
import type { OpenToolbox, Tool, Toolbox, ToolResult } from '../../agents/tools/tool.ts'
import type { JsonObject } from '../../core/json.ts'
import { silentLogger } from '../../core/logger.ts'
import { noMemory } from './agent-runner.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

// What the first call loads to check its input: a clock that is moved by hand would be ahead of it.
await import('ajv/dist/2020.js')

export const SELF = 'self'

/** Never ends: tests that need an end bring their own. */
const ENDLESS = new AbortController().signal

export interface ToolNode {
  readonly clock: ManualClock
  readonly registry: ReturnType<typeof createToolRegistry>
  readonly rules: ReturnType<typeof createToolRules>
  /** What was made to outlive the process, newest last. */
  readonly saved: (readonly OwnRule[])[]
  readonly run: (request?: Partial<ToolboxRequest>) => OpenToolbox
}

/** A node with these tools; `restart()` of its parts is another one. */
export function createToolNode(
  tools: readonly Tool[],
  configured: readonly ToolRule[] = []
): ToolNode {
  const clock = new ManualClock()
  const saved: (readonly OwnRule[])[] = []
  const registry = createToolRegistry()
  registry.assign('program', tools)
  const rules = createToolRules(
    { save: async (own) => void saved.push(own) },
    { configured, own: [] }
  )
  const components = {
    clock,
    random: seededRandom(1),
    registry,
    rules,
    taints: createTaints(),
    gates: createGates({ clock })
  }
  const open = createToolboxes(components, { self: SELF })
  const run = (request: Partial<ToolboxRequest> = {}): OpenToolbox =>
    open({
      taskId: 'task',
      contextId: 'context',
      caller: SELF,
      log: silentLogger,
      ask: async () => [{ text: 'answer' }],
      memory: noMemory(),
      remainingMs: () => Infinity,
      signal: ENDLESS,
      history: [{ messageId: 'm', role: 'ROLE_USER', parts: [] }],
      depth: 0,
      ...request
    })
  return { clock, registry, rules, saved, run }
}

/** One call of a model; the input is written as JSON unless it is a text. */
export function use(
  box: Toolbox,
  id: string,
  { input = {}, callId = id }: { readonly input?: unknown; readonly callId?: string } = {}
): Promise<ToolResult> {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  return box.call({ callId, tool: id, input: text }, ENDLESS)
}

const ANYTHING = { type: 'object' }

/** A tool that takes any object, and returns its id and what it was given. */
export function makeTool(
  id: string,
  more: Partial<ToolDefinition<JsonObject, unknown>> = {}
): Tool {
  return tool({
    id,
    description: 'For the test.',
    inputSchema: ANYTHING,
    execute: (input) => ({ used: id, input }),
    ...more
  })
}

interface OpenInit {
  readonly rules?: readonly ToolRule[]
  readonly request?: Partial<ToolboxRequest>
  readonly wanted?: readonly (string | object)[]
}

/** The toolbox of one run on a node of its own. */
export async function openToolbox(
  tools: readonly Tool[],
  { rules, request, wanted = ['*'] }: OpenInit = {}
) {
  const node = createToolNode(tools, rules)
  const said: string[] = []
  const box = await node.run(request)({ tools: wanted, onText: (_, text) => said.push(text) })
  return { ...node, box, said }
}
