/** What a bench does again and again: one function for each kind, and what has to be put in order afterwards. */
import { randomUUID } from 'node:crypto'
import type { RunEvent } from '../../client/api.ts'
import type { CallOptions, Client } from '../../client/calls.ts'
import { fromWireError, LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import type { Field, FieldNode } from './field.ts'
import { isRefusal } from './load.ts'
import type { Act, Load } from './load.ts'

export const KINDS = ['ping', 'task', 'stream', 'memory', 'dht'] as const
export type Kind = (typeof KINDS)[number]

/** Bytes of payload, where the user does not say. */
export const USUAL_SIZE: Readonly<Record<Kind, number>> = {
  ping: 0,
  task: 128,
  stream: 64 * 1024,
  memory: 128,
  dht: 0
}

export interface Workload {
  readonly act: Load['act']
  /** Puts in order what the load left behind, and tells what it saw on the way; runs also after Ctrl-C. */
  readonly finish: (ended: boolean) => Promise<{ readonly spreadMs?: number }>
}

export interface WorkloadInit {
  readonly field: Field
  readonly kind: Kind
  readonly size: number
  readonly durationMs: number
}

type Caller = Required<FieldNode>

/** One operation may take so long; a bench must end though a peer hangs. */
const ACT_TIMEOUT_MS = 20_000
const AGENT = 'echo'
const SPACE = 'shared'
/** Keys of one caller, written over and over: so many can be removed in a moment. */
const KEYS = 100
/** Should nobody come to remove them, they are gone this long after the end. */
const KEY_LEFTOVER_MS = 120_000
/** Until a write is seen on all nodes. */
const SPREAD_TIMEOUT_MS = 20_000
const SPREAD_POLL_MS = 5

export function createWorkload(cli: Cli, init: WorkloadInit): Workload {
  const { kind } = init
  switch (kind) {
    case 'ping':
      return pings(cli, init)
    case 'task':
    case 'stream':
      return tasks(cli, init)
    case 'memory':
      return writes(cli, init)
    case 'dht':
      return lookups(cli, init)
    default:
      throw new TypeError(`no bench: ${String(kind)}`)
  }
}

/** Those that this program can ask; the callers are spread over them. */
function askable({ nodes }: Field): readonly Caller[] {
  return nodes.flatMap(({ client, ...node }) => (client === undefined ? [] : { ...node, client }))
}

function callerOf(callers: readonly Caller[], caller: number): Caller {
  const found = callers[caller % callers.length]
  if (found === undefined) throw new TypeError('a bench without nodes')
  return found
}

function options(cli: Cli): CallOptions {
  return { signal: cli.signal, timeoutMs: ACT_TIMEOUT_MS }
}

const NOTHING_LEFT: Workload['finish'] = async () => ({})

/** An empty call of a session, there and back, as the asking node measures it. */
function pings(cli: Cli, { field }: WorkloadInit): Workload {
  const callers = askable(field)
  return {
    async act(caller, turn) {
      const { id, client } = callerOf(callers, caller)
      const others = field.nodes.filter((node) => node.id !== id)
      const target = others[(caller + turn) % others.length]
      const { rttMs } = await client.ping(target?.id ?? '', options(cli))
      return { ms: rttMs, ...(target && { node: target.name }) }
    },
    finish: NOTHING_LEFT
  }
}

/** Tasks for the agent `echo` on another node, journalled at both ends as all tasks are. */
function tasks(cli: Cli, { field, kind, size }: WorkloadInit): Workload {
  const callers = askable(field)
  const names = new Map(field.nodes.map(({ id, name }) => [id, name]))
  // Words, since echo answers word by word.
  const text = 'lumos '.repeat(Math.ceil(size / 6)).slice(0, Math.max(1, size))
  const [, peer] = field.nodes

  return {
    async act(caller) {
      const { client } = callerOf(callers, caller)
      const order = {
        target: AGENT,
        text,
        where: 'remote',
        timeoutMs: ACT_TIMEOUT_MS,
        cancelOnDisconnect: true,
        // Among temporary nodes routing chooses, as it does for everybody.
        ...(!field.temporary && peer && { to: peer.id })
      } as const
      const story = client.run(order, { signal: cli.signal, timeoutMs: ACT_TIMEOUT_MS })
      const told = await readStory(story)
      if (!field.temporary) await forget(client, told.id, cli)
      if (told.error !== undefined) throw told.error
      const { firstMs } = told
      return {
        node: names.get(told.worker) ?? told.worker,
        refused: told.refused,
        bytes: 2 * text.length,
        ...(kind === 'stream' && firstMs !== null && { firstMs })
      }
    },
    finish: NOTHING_LEFT
  }
}

/** The user's list of tasks is for the user's tasks. */
async function forget(client: Client, id: string, cli: Cli): Promise<void> {
  if (id !== '') await client.remove(id, options(cli)).catch(() => undefined)
}

async function readStory(story: AsyncIterable<RunEvent>) {
  let refused = 0
  for await (const event of story) {
    if (event.type === 'retry' && isRefusal(event.error.code)) refused += 1
    if (event.type !== 'result') continue
    const { task, worker, firstEventMs, error } = event
    const failure =
      task.state === 'TASK_STATE_COMPLETED' ? undefined : new LumosError('TASK_FAILED')
    return {
      id: task.id,
      worker: worker.id,
      firstMs: firstEventMs,
      refused,
      error: error === undefined ? failure : fromWireError(error)
    }
  }
  throw new LumosError('DAEMON_STOPPED')
}

/** Records of shared memory, on the disk of the node that writes; at the end, until all nodes have the last one. */
function writes(cli: Cli, { field, size, durationMs }: WorkloadInit): Workload {
  const callers = askable(field)
  const prefix = `lumos-bench/${randomUUID()}/`
  const ttlMs = durationMs + KEY_LEFTOVER_MS
  const value = 'x'.repeat(Math.max(1, size))
  const put = async (node: Caller, name: string): Promise<void> => {
    await node.client.memory.put(SPACE, { key: prefix + name, value, ttlMs }, options(cli))
  }
  return {
    async act(caller, turn): Promise<Act> {
      const node = callerOf(callers, caller)
      await put(node, `${caller}-${turn % KEYS}`)
      return { node: node.name, bytes: value.length }
    },
    async finish(ended) {
      const spreadMs = ended && callers.length > 1 ? await spread() : undefined
      // Temporary nodes take theirs with them.
      if (!field.temporary) await removeAll(callerOf(callers, 0).client, prefix)
      return spreadMs === undefined ? {} : { spreadMs }
    }
  }

  async function spread(): Promise<number | undefined> {
    const begun = cli.clock.monotonic()
    const [writer, ...readers] = callers
    if (writer === undefined) return undefined
    await put(writer, 'last')
    const seen = await Promise.all(readers.map((reader) => sees(reader, `${prefix}last`)))
    return seen.every(Boolean) ? cli.clock.monotonic() - begun : undefined
  }

  async function sees({ client }: Caller, key: string): Promise<boolean> {
    const end = cli.clock.monotonic() + SPREAD_TIMEOUT_MS
    while (cli.clock.monotonic() < end) {
      // oxlint-disable-next-line no-await-in-loop -- polling is what is measured with
      if (await hasFact(client, key)) return true
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!(await cli.clock.sleep(SPREAD_POLL_MS, cli.signal))) break
    }
    return false
  }

  async function hasFact(client: Client, key: string): Promise<boolean> {
    try {
      await client.memory.get(SPACE, key, options(cli))
      return true
    } catch {
      return false
    }
  }
}

/** Also after Ctrl-C, and therefore without its signal. */
async function removeAll(client: Client, prefix: string): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- page after page, until there is none
    const { facts } = await client.memory.list(SPACE, { prefix, limit: KEYS })
    if (facts.length === 0) return
    // oxlint-disable-next-line no-await-in-loop -- as above
    await Promise.all(facts.map(({ key }) => client.memory.remove(SPACE, key)))
  }
}

/** Searches through the DHT for the nodes that are nearest to the one that searches. */
function lookups(cli: Cli, { field }: WorkloadInit): Workload {
  const callers = askable(field)
  return {
    async act(caller) {
      const { name, client } = callerOf(callers, caller)
      const { lookup } = await client.mesh.dht({ ...options(cli), lookup: true })
      if (lookup === null || !lookup.complete) throw new LumosError('TIMED_OUT')
      return { node: name, ms: lookup.tookMs }
    },
    finish: NOTHING_LEFT
  }
}
