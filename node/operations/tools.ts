/** Tools on request of a person: what there is, who may use it, and a call by hand. */
import { decide } from '../../agents/tools/policy.ts'
import type { ToolEntry } from '../../agents/tools/registry.ts'
import { ruleText } from '../../agents/tools/rule.ts'
import type { ToolRule } from '../../agents/tools/rule.ts'
import type { ToolboxRequest } from '../../agents/tools/toolbox.ts'
import { API_VERSION } from '../../client/api.ts'
import type {
  ToolCallEvent,
  ToolDetails,
  ToolList,
  ToolRuleRequest,
  ToolSummary
} from '../../client/tools-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ToolOperations } from '../../gateway/control/tools-operations.ts'
import type { Assembly } from '../assembly.ts'
import type { NodeTools } from '../tools.ts'

export interface ToolOperationsComponents {
  readonly clock: Clock
  readonly tools: Omit<NodeTools, 'start' | 'stop' | 'open'>
  /** What a call by hand is made for: a task of its own, of this node's user. */
  readonly request: (signal: AbortSignal) => ToolboxRequest
}

export function createToolOperations({
  clock,
  tools,
  request
}: ToolOperationsComponents): ToolOperations {
  const { registry, rules } = tools
  const list = (): ToolList => ({
    v: API_VERSION,
    tools: registry.entries().map((entry) => summaryOf(entry, rules.all())),
    folder: tools.folder,
    problems: tools.problems(),
    rules: rules.own().map(ruleText)
  })
  return {
    list: async () => list(),
    show: async (tool) => detailsOf(registry.entry(tool), rules.all()),
    async *call(id, { input, consent = false }, signal) {
      const { tool, enabled } = registry.entry(id)
      if (!enabled) {
        throw new LumosError('TOOL_DENIED', {
          details: { tool: tool.id, reason: 'it is disabled' }
        })
      }
      const told = createTold()
      const began = clock.monotonic()
      const call = {
        tool: tool.id,
        input,
        consent,
        signal,
        onText: (text: string) => told.add(text)
      }
      const done = tools.call(request(signal), call).catch(asToolError(tool.id, signal))
      yield* told.until(done)
      const tookMs = Math.round(clock.monotonic() - began)
      yield { v: API_VERSION, type: 'result', output: await done, tookMs }
    },
    async rule(wanted) {
      for (const rule of ownRules(wanted)) {
        // oxlint-disable-next-line no-await-in-loop -- at most two
        await rules.set(rule)
      }
      return list()
    },
    async reset(tool) {
      await rules.reset(tool)
      return list()
    },
    async setEnabled(tool, enabled) {
      await tools.setEnabled(tool, enabled)
      return list()
    }
  }
}

function ownRules({ caller, ...rule }: ToolRuleRequest) {
  const callers = caller === undefined ? (['self', 'peer'] as const) : [caller]
  return callers.map((each) => ({ ...rule, caller: each }))
}

/** What a tool throws may be anything; its own user may read it. */
function asToolError(tool: string, signal: AbortSignal) {
  return (error: unknown): never => {
    if (signal.aborted) throw signal.reason
    if (error instanceof LumosError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new LumosError('TOOL_FAILED', { cause: error, details: { tool, reason } })
  }
}

function summaryOf(
  { tool, source, enabled, current }: ToolEntry,
  rules: readonly ToolRule[]
): ToolSummary {
  const { id, version, description, effects } = tool
  const verdicts = {
    self: decide(tool, 'self', rules).verdict,
    peer: decide(tool, 'peer', rules).verdict
  }
  return { id, version, description, effects, source, enabled, current, verdicts }
}

function detailsOf(entry: ToolEntry, rules: readonly ToolRule[]): ToolDetails {
  const { tool } = entry
  const { inputSchema, outputSchema, untrusted, egress, effects } = tool
  return {
    v: API_VERSION,
    tool: {
      ...summaryOf(entry, rules),
      inputSchema,
      ...(outputSchema && { outputSchema }),
      untrusted,
      egress,
      reasons: {
        self: decide(tool, 'self', rules).reason,
        peer: decide(tool, 'peer', rules).reason
      },
      timeoutMs: tool.timeoutMs ?? LIMITS.toolTimeout.value,
      concurrency: tool.concurrency ?? LIMITS.toolConcurrency.value,
      rate: tool.rate ?? (effects.length === 0 ? null : LIMITS.toolRate.value),
      parts: (tool.parts ?? []).map(({ id }) => id)
    }
  }
}

/** What a tool says while somebody reads it. */
function createTold() {
  let waiting: string[] = []
  let wake = Promise.withResolvers<void>()

  return {
    add(text: string): void {
      waiting.push(text)
      wake.resolve()
    },
    async *until(done: Promise<unknown>): AsyncGenerator<ToolCallEvent> {
      const state = { ended: false }
      const end = (): void => {
        state.ended = true
        wake.resolve()
      }
      done.then(end, end)
      while (!state.ended || waiting.length > 0) {
        // oxlint-disable-next-line no-await-in-loop -- until there is something to tell
        await wake.promise
        wake = Promise.withResolvers()
        const texts = waiting
        waiting = []
        for (const text of texts) yield { v: API_VERSION, type: 'text', text }
      }
    }
  }
}

/** A call by hand is a task of its own, which nobody else hears of. */
export function toolRequest(
  {
    asking,
    components,
    memoryFor,
    wire,
    work
  }: Pick<Assembly, 'asking' | 'components' | 'memoryFor' | 'wire' | 'work'>,
  signal: AbortSignal
): ToolboxRequest {
  const taskId = work.ids()
  return {
    taskId,
    contextId: taskId,
    caller: wire.identity.peer,
    log: components.logger.child('tools'),
    ask: (target, input, options = {}) =>
      asking.ask({
        target,
        parts: typeof input === 'string' ? [{ text: input }] : input,
        parent: taskId,
        contextId: taskId,
        depth: 1,
        timeoutMs: () => LIMITS.toolTimeout.value,
        signal: options.signal ?? signal,
        heartbeat: () => {},
        onText: options.onText,
        onEvent: options.onEvent
      }),
    memory: memoryFor(signal),
    remainingMs: () => Infinity,
    signal,
    history: [],
    depth: 0
  }
}
