/** All doors that tell something for as long as somebody listens, behind real tokens and a clock that is moved by hand. */
import { join } from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import { LIMITS } from '../../core/limits.ts'
import { silentLogger } from '../../core/logger.ts'
import { createA2aDoor } from '../../gateway/a2a/door.ts'
import { createControlDoor } from '../../gateway/control/http-door.ts'
import { refuseForControl } from '../../gateway/control/refusal.ts'
import { createTokenAuthenticator } from '../../gateway/http/authenticators.ts'
import { createCallers } from '../../gateway/http/callers.ts'
import type { Callers } from '../../gateway/http/callers.ts'
import { createFailedAttempts } from '../../gateway/http/failed-attempts.ts'
import { createHostGuard } from '../../gateway/http/host-guard.ts'
import { createHttpServer } from '../../gateway/http/http-server.ts'
import type { HttpDoor } from '../../gateway/http/request.ts'
import { createMcpHttpDoor } from '../../gateway/mcp/http-door.ts'
import { createOpenAiDoor } from '../../gateway/openai/door.ts'
import { errorOf, stepOf } from '../../protocols/a2a/extensions.ts'
import { a2aRequests } from '../../protocols/a2a/requests.ts'
import { turnOf } from '../../protocols/a2a/turn.ts'
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import type { Delegations } from '../../tasks/caller/delegations.ts'
import { createEdgePush } from '../../tasks/edge/push.ts'
import { createEdgeService } from '../../tasks/edge/service.ts'
import { createEventLog } from '../../tasks/event-log.ts'
import { createApiTokens } from '../../trust/api-tokens.ts'
import type { AuditEvent } from '../../trust/audit-log.ts'
import { fakeOperations } from './control-operations.ts'
import { piece, VIEW } from './edge.ts'
import { ManualClock } from './manual-clock.ts'
import { accepted, agentOf, said } from './mcp-door.ts'
import { PATIENCE } from './patience.ts'
import { seededRandom } from './random.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export const HOUR = 3_600_000

export interface Asking {
  readonly path: string
  /** Posted; without it the path is got. */
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Hangs up. */
  readonly signal?: AbortSignal
}

/** A call of MCP in the revision that knows no sessions; it wants to hear of progress. */
export function mcpCall(method: string, params: object, headers: object = {}): Asking {
  // oxlint-disable-next-line no-underscore-dangle -- MCP's name
  const _meta = {
    progressToken: 1,
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': {}
  }
  return {
    path: '/mcp',
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...headers },
    body: { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta } }
  }
}

/** One task that has begun, said a word, and does not end; it is of whoever asks. */
function fakeDelegations() {
  const log = createEventLog<DelegationEvent>()
  for (const event of [{ type: 'accepted', taskId: 'task', atMs: 0 } as const, piece('hello')]) {
    log.append(event, 1)
  }
  log.reveal(2)
  let owner = ''
  const view = async () => ({ ...VIEW, edge: { owner, agent: 'echo', contextId: 'context' } })
  const cancel = vi.fn<Delegations['cancel']>(view)
  const delegations = {
    cancel,
    find: view,
    delegate: view,
    answer: unused,
    listEdge: unused,
    remove: unused,
    async *watch(
      _: string,
      { from = 0, signal, follow = true }: Parameters<Delegations['watch']>[1] = {}
    ): AsyncIterable<DelegationEvent> {
      if (follow) yield* log.read(from, signal)
      else for (let at = from; at < log.visible; at += 1) yield log.at(at) ?? piece('')
    }
  }
  return { delegations, own: (by: string) => (owner = by), readers: () => log.readers, cancel }
}

/** Something that is told, and then nothing until nobody listens. */
async function* told<T>(first: T, signal: AbortSignal): AsyncGenerator<T> {
  yield first
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  signal.throwIfAborted()
}

const unused = (): never => {
  throw new Error('not asked for here')
}

interface Parts {
  readonly clock: ManualClock
  readonly callers: Callers
  readonly delegations: ReturnType<typeof fakeDelegations>['delegations']
}

function createTaskDoors({ clock, callers, delegations }: Parts): readonly HttpDoor[] {
  const service = createEdgeService({
    delegations,
    card: async () => undefined,
    push: createEdgePush({ delegations, push: undefined })
  })
  const a2a = createA2aDoor({
    clock,
    logger: silentLogger,
    callers,
    operations: service,
    requests: a2aRequests,
    cards: { find: async () => undefined, names: () => [] },
    url: () => ''
  })
  const openAi = createOpenAiDoor({
    clock,
    callers,
    service,
    ids: () => crypto.randomUUID(),
    models: { list: () => [], get: unused, takesChats: () => false },
    parseJson: a2aRequests.json,
    read: { stepOf, errorOf, turnOf },
    forget: async () => undefined,
    abandon: (id) => void delegations.cancel(id)
  })
  return [a2a, openAi]
}

function createOwnDoors({ clock, callers }: Pick<Parts, 'callers' | 'clock'>) {
  const logger = silentLogger
  const operations = fakeOperations({
    agents: async () => ({ v: 1, agents: [agentOf('echo', 'birch')] }),
    taskEvents: (_, signal) => told(accepted('task'), signal),
    watch: (_, { signal }) => told({ event: { type: 'resync' }, place: '1' }, signal)
  })
  const mcp = createMcpHttpDoor(
    {
      clock,
      logger,
      callers,
      onAgents: () => () => undefined,
      operations: {
        ...operations,
        runFor: (_, __, signal) => told(said('hello'), signal),
        ownerOf: async () => undefined
      }
    },
    { version: '0.0.0' }
  )
  const control = createControlDoor({ clock, logger, callers, operationsOf: () => operations })
  return { mcp, control }
}

/** Who comes in is whose token it is; what is refused is noted. */
async function createWayIn(clock: ManualClock) {
  const parts = { clock, logger: silentLogger, random: seededRandom(1) }
  const tokens = createApiTokens(parts, { path: join(await temporaryDirectory(), 'tokens.json') })
  const noted: AuditEvent[] = []
  const callers = createCallers({
    guard: createHostGuard({ hosts: [], origins: [], isExposed: false }),
    failures: createFailedAttempts({ clock }),
    authenticators: [createTokenAuthenticator(tokens)],
    audit: { note: (event) => void noted.push(event) },
    quotas: { ask: () => {}, answer: () => () => {} },
    tenants: { knows: () => true, reaches: () => true }
  })
  async function enter(name: string, lifetimeMs = HOUR): Promise<Token> {
    const { secret, token } = await tokens.create({
      name,
      lifetimeMs,
      scopes: ['task/send', 'control/read', 'memory/read']
    })
    return { secret, owner: `http:${token.id}` }
  }
  return { tokens, noted, callers, enter }
}

async function startServer(parts: Parts) {
  const { mcp, control } = createOwnDoors(parts)
  const server = createHttpServer(
    {
      ...parts,
      logger: silentLogger,
      newRequestId: () => 'request-1',
      doors: [...createTaskDoors(parts), mcp.door, control],
      refusals: [refuseForControl]
    },
    { host: '127.0.0.1', ports: [0] }
  )
  await Promise.all([mcp.start(), server.start()])
  onTestFinished(async () => {
    await mcp.stop()
    const stopped = server.stop()
    await parts.clock.advance(LIMITS.gatewayDrain.value)
    await stopped
  })
  return server.url ?? ''
}

/** Resolves once something has come of it. */
async function heardOf({ body }: Response) {
  let heard = ''
  let isOver = false
  async function read(): Promise<string> {
    try {
      for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) heard += chunk
    } catch {
      heard += '(cut)'
    }
    isOver = true
    return heard
  }
  const ended = read()
  await vi.waitFor(() => expect(heard).toContain('\n'), PATIENCE)
  return { ended, heard: () => heard, isOver: () => isOver }
}

interface Token {
  readonly secret: string
  readonly owner: string
}

export async function setup() {
  const clock = new ManualClock()
  const { callers, tokens, noted, enter } = await createWayIn(clock)
  await tokens.start()
  onTestFinished(() => tokens.stop())
  const { delegations, own, readers, cancel } = fakeDelegations()
  const url = await startServer({ clock, callers, delegations })

  function ask({ secret, owner }: Token, { path, body, headers, signal }: Asking) {
    own(owner)
    return fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers
      },
      ...(signal !== undefined && { signal }),
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
  }

  async function listen(token: Token, asking: Asking) {
    const answer = await ask(token, asking)
    expect(answer.status).toBe(200)
    return heardOf(answer)
  }

  return { clock, tokens, noted, enter, ask, listen, readers, cancel }
}
