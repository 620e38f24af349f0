/** Tools of a node that answers every operation with a document that has all its fields. */
import type * as api from '../../client/tools-api.ts'
import type { ToolOperations } from '../../gateway/control/tools-operations.ts'

const summary: api.ToolSummary = {
  id: 'http_fetch',
  version: '1.0.0',
  description: 'Reads a page.',
  effects: ['network'],
  source: 'builtin',
  enabled: true,
  current: true,
  verdicts: { self: 'allow', peer: 'deny' }
}

const shell: api.ToolSummary = {
  ...summary,
  id: 'shell',
  description: 'Runs a program.',
  effects: ['execute'],
  verdicts: { self: 'deny', peer: 'deny' }
}

export const TOOL_LIST: api.ToolList = {
  v: 1,
  tools: [summary, { ...summary, version: '0.9.0', current: false }, shell],
  folder: '/home/ada/.config/lumos/default/tools',
  problems: [{ file: 'weather.ts', line: 3, reason: 'Unexpected token' }],
  rules: ['allow http_fetch for self tainted']
}

const details: api.ToolDetails = {
  v: 1,
  tool: {
    ...summary,
    inputSchema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
    outputSchema: { type: 'string' },
    untrusted: true,
    egress: true,
    reasons: { self: 'it can reach the network', peer: 'it can reach the network' },
    timeoutMs: 60_000,
    concurrency: 16,
    rate: 600,
    parts: []
  }
}

export const TOOL_EVENTS: readonly api.ToolCallEvent[] = [
  { v: 1, type: 'text', text: 'reading' },
  { v: 1, type: 'result', output: { status: 200 }, tookMs: 12 }
]

/** Replace what a test is about. */
export function fakeTools(overrides: Partial<ToolOperations> = {}): ToolOperations {
  return {
    list: async () => TOOL_LIST,
    show: async () => details,
    call: async function* () {
      yield* TOOL_EVENTS
    },
    rule: async () => TOOL_LIST,
    reset: async () => TOOL_LIST,
    setEnabled: async () => TOOL_LIST,
    ...overrides
  }
}
