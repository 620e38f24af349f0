/**
 * Calls of a local tool through the toolbox of a run, against calling its `execute` directly: what policy,
 * consent, taint, limits and schemas cost. `node bench/tools.ts [CALLS]`, one core, 16 in flight.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { tool } from '../agents/tools/define-tool.ts'
import { createGates } from '../agents/tools/gates.ts'
import { createToolRegistry } from '../agents/tools/registry.ts'
import { parseRule } from '../agents/tools/rule.ts'
import { createToolRules } from '../agents/tools/rules.ts'
import { createTaints } from '../agents/tools/taint.ts'
import { createToolboxes } from '../agents/tools/toolbox.ts'
import type { Tool, ToolContext } from '../agents/tools/tool.ts'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import type { Memory } from '../core/memory.ts'
import { systemRandom } from '../core/random.ts'

const CALLS = Number(process.argv[2] ?? 50_000)
const IN_FLIGHT = 16
const SIGNAL = new AbortController().signal

/** The tools here remember nothing. */
const NO_MEMORY: Memory = {
  space: () => {
    throw new Error('there is no memory')
  },
  blobs: { put: nothing, get: nothing }
}

function nothing(): never {
  throw new Error('there is no memory')
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const TOOLS: readonly Tool[] = [
  tool({
    id: 'zod',
    description: 'Takes a schema of zod.',
    inputSchema: z.object({ text: z.string(), times: z.number().default(1) }),
    execute: ({ text }) => ({ digest: digest(text) })
  }),
  tool({
    id: 'json',
    description: 'Takes a JSON Schema, and is untrusted.',
    untrusted: true,
    inputSchema: {
      type: 'object',
      properties: { text: { type: 'string' }, times: { type: 'number', default: 1 } },
      required: ['text'],
      additionalProperties: false
    },
    execute: (taken) => ({ digest: digest(JSON.stringify(taken)) })
  })
]

const input = (at: number): string => JSON.stringify({ text: `text ${at}` })

async function callsPerSecond(call: (at: number) => Promise<unknown>): Promise<number> {
  let next = 0
  async function worker(): Promise<void> {
    while (next < CALLS) await call(next++)
  }
  const began = systemClock.monotonic()
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return (CALLS / (systemClock.monotonic() - began)) * 1000
}

const registry = createToolRegistry()
registry.assign('program', TOOLS)
const configured = ['allow read-private', 'ask mcp_*', 'deny shell', 'allow http_fetch for peers']
const rules = createToolRules(
  { save: async () => {} },
  { configured: configured.flatMap((text) => parseRule(text) ?? []), own: [] }
)
const open = createToolboxes(
  {
    clock: systemClock,
    random: systemRandom,
    registry,
    rules,
    taints: createTaints(),
    gates: createGates({ clock: systemClock })
  },
  { self: 'self' }
)
const given = {
  taskId: 'task',
  contextId: 'context',
  caller: 'self',
  log: silentLogger,
  ask: () => Promise.reject(new Error('nobody is here')),
  memory: NO_MEMORY,
  remainingMs: () => 600_000,
  signal: SIGNAL
}
const box = await open({ ...given, history: [], depth: 0 })({ tools: ['*'], onText: () => {} })
const context: ToolContext = { ...given, callId: 'call', abortSignal: SIGNAL, say: () => {} }

for (const made of TOOLS) {
  const direct = (at: number): Promise<unknown> => made.execute(JSON.parse(input(at)), context)
  const through = async (at: number): Promise<unknown> => {
    const result = await box.call({ callId: String(at), tool: made.id, input: input(at) }, SIGNAL)
    if (result.type !== 'done') throw new Error(JSON.stringify(result))
    return result
  }
  await through(0)
  const rates = { direct: await callsPerSecond(direct), through: await callsPerSecond(through) }
  process.stdout.write(
    `${made.id.padEnd(5)} direct ${Math.round(rates.direct)}/s, through the toolbox ${Math.round(rates.through)}/s, ` +
      `ratio ${(rates.direct / rates.through).toFixed(1)}, ${Math.round(1e6 / rates.through - 1e6 / rates.direct)} µs a call more\n`
  )
}
