/** The door of MCP over HTTP on a server of its own, with callers as the test names them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { ClientOptions } from '@modelcontextprotocol/client'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { GrantAction } from '../../core/grant-words.ts'
import { silentLogger } from '../../core/logger.ts'
import type { EdgeOperations } from '../../gateway/mcp/caller-operations.ts'
import { createMcpHttpDoor, createMcpRefusal } from '../../gateway/mcp/http-door.ts'
import { sendJson } from '../../gateway/http/request.ts'
import { decideByScopes } from '../../trust/policy.ts'
import { fakeOperations } from './control-operations.ts'
import { agentOf } from './mcp-door.ts'

/** As clients say it; the last one has no sessions. */
export const VERSIONS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const

export type Version = (typeof VERSIONS)[number]

export interface McpHttpInit {
  readonly operations?: Partial<EdgeOperations>
  readonly scopes?: readonly GrantAction[]
  /** By task: whose it is. */
  readonly owners?: Readonly<Record<string, string>>
}

interface Posting {
  readonly who?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text goes as it is. */
  readonly body?: unknown
  readonly method?: string
}

export const GREETING = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '0' }
  }
}

export async function createMcpHttp({ scopes = ALL, ...init }: McpHttpInit = {}) {
  const { mcp, ...parts } = createDoor(init)
  await mcp.start()
  const server = createServer((incoming, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    // `ann`, or `ann-acme` when she is of that tenant.
    const [, who = 'nobody', tenant] =
      /^Bearer (\w+?)(?:-(\w+))?$/.exec(incoming.headers.authorization ?? '') ?? []
    const owner = tenant === undefined ? `http:${who}` : `tenant:${tenant}`
    const { method = '', url: path = '' } = incoming
    const caller = { who: `http:${who}`, owner, scopes }
    const query = new URLSearchParams()
    const { signal } = gone
    mcp
      .door({ method, path, query, incoming, response, caller, signal })
      .catch((error: unknown) => {
        const { status, body } = createMcpRefusal()(path, toLumosError(error)) ?? { body: {} }
        if (response.headersSent) response.destroy()
        else sendJson({ response }, body, { ...(status !== undefined && { status }) })
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on TCP has a port
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  onTestFinished(async () => {
    await mcp.stop()
    server.closeAllConnections()
    server.close()
  })

  async function ask({ who = 'ann', headers = {}, body, method = 'POST' }: Posting) {
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${who}`,
        accept: 'application/json, text/event-stream',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }

  return {
    ...parts,
    mcp,
    ask,
    /** Begins a session, and gives back its id. */
    greet: async (who = 'ann'): Promise<string> =>
      (await ask({ who, body: GREETING })).headers.get('mcp-session-id') ?? '',
    /** Ends every connection in the middle of whatever it carries. */
    cut: () => server.closeAllConnections(),
    enter: (version: Version, who = 'ann', options: ClientOptions = {}) =>
      enter(url, version, { who, options })
  }
}

const ALL: readonly GrantAction[] = ['task/send', 'memory/read']

function createDoor({ operations = {}, owners = {} }: Omit<McpHttpInit, 'scopes'>) {
  let agents = [agentOf('echo', 'birch')]
  const listeners = new Set<() => void>()
  const asked: string[] = []
  const others = fakeOperations({})
  const mcp = createMcpHttpDoor(
    {
      clock: systemClock,
      logger: silentLogger,
      callers: {
        sees: () => true,
        reaches: () => true,
        permit({ who, scopes }, operation, what) {
          asked.push(`${who} ${operation} ${what}`)
          if (!decideByScopes(scopes, operation).allowed) throw new LumosError('FORBIDDEN')
        }
      },
      operations: {
        ...others,
        agents: async () => ({ v: 1, agents }),
        runFor: (_, request, signal) => others.run(request, signal),
        ownerOf: async (task) => owners[task],
        ...operations
      },
      onAgents(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
    },
    { version: '0.0.0' }
  )
  return {
    mcp,
    asked,
    watched: () => listeners.size,
    /** One agent more. */
    grow: (): void => {
      agents = [...agents, agentOf(`a${agents.length}`, 'oak')]
      for (const listener of listeners) listener()
    }
  }
}

/** A client of the official SDK that speaks that revision alone. */
export async function enter(
  url: string,
  version: Version,
  {
    who,
    options = {},
    headers
  }: {
    readonly who: string
    readonly options?: ClientOptions
    readonly headers?: Readonly<Record<string, string>>
  }
): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '0.0.0' },
    {
      ...options,
      ...(version >= '2026'
        ? { versionNegotiation: { mode: 'auto' } }
        : { supportedProtocolVersions: [version] })
    }
  )
  onTestFinished(() => client.close())
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { authorization: `Bearer ${who}`, ...headers } },
    // At once, whatever the server says.
    reconnectionScheduler(reconnect) {
      const timer = setImmediate(reconnect)
      return () => clearImmediate(timer)
    }
  })
  await client.connect(transport)
  return client
}
