/** MCP clients of the official SDK at the door of a node that answers what the test wants. */
import type { Duplex } from 'node:stream'
import { duplexPair } from 'node:stream'
import { Client, deserializeMessage, serializeMessage } from '@modelcontextprotocol/client'
import type { ClientOptions, Transport } from '@modelcontextprotocol/client'
import { onTestFinished } from 'vitest'
import type { AgentSummary, RunEvent } from '../../client/api.ts'
import { systemClock } from '../../core/clock.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { createMcpDoor } from '../../gateway/mcp/mcp-door.ts'
import { fakeOperations } from './control-operations.ts'

export type Revision = 'legacy' | 'modern'

export function agentOf(
  id: string,
  nodeName: string,
  more: Partial<AgentSummary> = {}
): AgentSummary {
  return {
    id,
    name: id,
    description: `does ${id}`,
    version: '1.0.0',
    skills: [
      { id: `${id}.do`, name: id, description: 'as told', tags: [id], examples: [`${id} it`] }
    ],
    node: { id: `12D3KooW${nodeName}`, name: nodeName },
    local: false,
    ...more
  }
}

export interface DoorInit {
  readonly operations?: Partial<ControlOperations>
  readonly agents?: readonly AgentSummary[]
  readonly clock?: Clock
}

/** `change` replaces the agents of the swarm. */
export function createTestDoor({
  operations = {},
  agents = [],
  clock = systemClock
}: DoorInit = {}) {
  let known = agents
  const listeners = new Set<() => void>()
  const ending = new AbortController()
  const door = createMcpDoor(
    {
      clock,
      logger: silentLogger,
      operations: fakeOperations({
        agents: async () => ({ v: 1, agents: known }),
        ...operations
      }),
      onAgents(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
    },
    { version: '0.0.0' }
  )
  onTestFinished(() => {
    ending.abort(new LumosError('SHUTTING_DOWN'))
    door.stop()
  })
  return {
    door,
    ending,
    watched: () => listeners.size,
    change: (next: readonly AgentSummary[]): void => {
      known = next
      for (const listener of listeners) listener()
    },
    connect: async (revision: Revision, options: ClientOptions = {}): Promise<Client> => {
      const [ours, theirs] = duplexPair()
      door.attach(theirs, ending.signal)
      return connectClient(streamTransport(ours), revision, options)
    }
  }
}

export async function connectClient(
  transport: Transport,
  revision: Revision,
  options: ClientOptions = {}
): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '0.0.0' },
    { ...options, ...(revision === 'modern' && { versionNegotiation: { mode: 'auto' } }) }
  )
  onTestFinished(() => client.close())
  await client.connect(transport)
  return client
}

/** One message a line, as over the standard streams of a process. */
function streamTransport(stream: Duplex): Transport {
  let text = ''
  const transport: Transport = {
    async start() {
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => {
        text += chunk
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        for (const line of lines) transport.onmessage?.(deserializeMessage(line))
      })
      stream.on('close', () => transport.onclose?.())
      stream.on('end', () => transport.onclose?.())
    },
    async send(message) {
      stream.write(serializeMessage(message))
    },
    async close() {
      stream.destroy()
    }
  }
  return transport
}

const worker = { id: '12D3KooWBirch', name: 'birch' }

export function accepted(id: string): RunEvent {
  return { v: 1, seq: 0, type: 'accepted', task: { id }, atMs: 1 }
}

export function said(text: string): RunEvent {
  const artifact = { artifactId: 'result', parts: [{ text }] }
  return { v: 1, seq: 0, type: 'artifact', artifact, append: true, lastChunk: false, atMs: 2 }
}

export function asked(text: string, atMs: number): RunEvent {
  return { v: 1, seq: 0, type: 'input-required', auth: false, text, atMs }
}

export function answered(messageId: string): RunEvent {
  return { v: 1, seq: 0, type: 'answered', messageId, text: '', atMs: 9 }
}

export function ended(
  id: string,
  text: string,
  more: Partial<Extract<RunEvent, { type: 'result' }>> = {}
): RunEvent {
  const artifacts = [{ artifactId: 'result', parts: [{ text }] }]
  const task = { id, state: 'TASK_STATE_COMPLETED' as const, artifacts }
  return { v: 1, seq: 9, type: 'result', task, worker, tookMs: 5, firstEventMs: 1, ...more }
}

/** With a moment between them: the SDK's client loses progress that comes in one piece with the result. */
export async function* story(...events: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  for (const event of events) {
    yield event
    await new Promise((resolve) => setImmediate(resolve))
  }
}
