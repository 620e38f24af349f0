/** An LLM agent of Lumos as a node runs it: guarded, with a toolbox and shared memory, without the task engine. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { llmAgent } from '../../agents/llm/llm-agent.ts'
import { createModelProvider } from '../../agents/models/openai-provider.ts'
import { createModelTransport } from '../../agents/models/transport.ts'
import { createRoster } from '../../agents/roster.ts'
import { createAgentRunner } from '../../agents/runner.ts'
import { tool } from '../../agents/tools/define-tool.ts'
import { createGates } from '../../agents/tools/gates.ts'
import { createToolRegistry } from '../../agents/tools/registry.ts'
import { createToolRules } from '../../agents/tools/rules.ts'
import { createTaints } from '../../agents/tools/taint.ts'
import type { OpenToolbox } from '../../agents/tools/tool.ts'
import { createToolboxes } from '../../agents/tools/toolbox.ts'
import type { ToolboxRequest } from '../../agents/tools/toolbox.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Memory } from '../../core/memory.ts'
import { systemRandom } from '../../core/random.ts'
import { createNode } from '../../index.ts'
import type { Call, Task } from './task.ts'
import { ADD, HISTORY, INSTRUCTIONS, TASKS, THREADS } from './task.ts'

const SELF = 'self'

export async function lumosCall(url: string, task: Task): Promise<Call> {
  const components = { clock: systemClock, random: systemRandom }
  const transport = await createModelTransport(systemClock)
  const provider = createModelProvider(
    { ...components, transport: async () => transport },
    { name: 'bench', baseUrl: url, concurrency: 2000 }
  )
  const model = provider.model('test-model')
  const models = {
    get: () => model,
    defaults: () => [model.ref],
    embedding: () => undefined
  }
  const memory = task === 'thread' ? await nodeMemory() : noMemory()
  const roster = createRoster({ clock: systemClock, logger: silentLogger })
  await roster.assign('program', [
    llmAgent({
      id: 'agent',
      description: 'Answers.',
      instructions: INSTRUCTIONS,
      ...(task === 'tool' && { tools: [ADD.id] }),
      ...(task === 'thread' && { memory: { lastMessages: HISTORY, summary: false } })
    })
  ])
  const toolboxes = benchToolboxes()
  const runner = createAgentRunner({
    clock: systemClock,
    roster,
    askSwarm: () => Promise.reject(new Error('there is no swarm')),
    memory: () => memory,
    equip: (request) => ({
      swarm: 'bench',
      models,
      toolbox: toolboxes({ ...request, depth: 0 })
    })
  })
  return async (at) => {
    const contextId = String(at % THREADS)
    const outputs = runner.run({
      agentId: 'agent',
      taskId: String(at),
      contextId,
      caller: SELF,
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: TASKS[task] }] },
      signal: new AbortController().signal,
      heartbeat: () => {},
      depth: 0,
      remainingMs: () => 600_000,
      leftBehind: () => {}
    })
    let text = ''
    for await (const output of outputs) if (typeof output === 'string') text += output
    if (text === '') throw new Error('there was no answer')
  }
}

/** Tools alone: one call of one tool, behind policy, schema and limits. */
export async function toolCall(): Promise<Call> {
  const open = benchToolboxes()(TOOL_REQUEST)
  const box = await open({ tools: [ADD.id], onText: () => {} })
  const { signal } = new AbortController()
  return async (at) => {
    const call = { callId: String(at), tool: ADD.id, input: '{"a":1,"b":2}' }
    const result = await box.call(call, signal)
    if (result.type !== 'done') throw new Error(JSON.stringify(result))
  }
}

const TOOL_REQUEST: ToolboxRequest = {
  taskId: 'task',
  contextId: 'context',
  caller: SELF,
  log: silentLogger,
  ask: async () => [],
  memory: noMemory(),
  remainingMs: () => 600_000,
  signal: new AbortController().signal,
  history: [],
  depth: 0
}

function benchToolboxes(): (request: ToolboxRequest) => OpenToolbox {
  const registry = createToolRegistry()
  registry.assign('program', [tool({ ...ADD, execute: ({ a, b }) => Number(a) + Number(b) })])
  const rules = createToolRules({ save: async () => {} }, { configured: [], own: [] })
  const gates = createGates({ clock: systemClock })
  const taints = createTaints()
  const components = { clock: systemClock, random: systemRandom, registry, rules, gates, taints }
  return createToolboxes(components, { self: SELF })
}

/** Of a whole node: signed records, fsync, and libp2p beside it. */
async function nodeMemory(): Promise<Memory> {
  const home = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  const node = await createNode({
    home,
    runtimeDirectory: home,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false, sameHost: false }
  })
  await node.start()
  return node.memory
}

function noMemory(): Memory {
  return { space: missing, blobs: { put: missing, get: missing } }
}

function missing(): never {
  throw new Error('this bench has no memory')
}
