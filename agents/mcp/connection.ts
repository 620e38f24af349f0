/** One connection with an MCP server, from its greeting to its end. */
import type {
  CallToolResult,
  Client,
  ClientOptions,
  GetPromptResult,
  JsonSchemaValidatorResult,
  Progress,
  ReadResourceResult,
  Transport
} from '@modelcontextprotocol/client'
import type { Clock } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { cleanText } from './clean-text.ts'
import { NO_TIMEOUT, readListing } from './listing.ts'
import type { McpListing } from './listing.ts'

/** What the server said of itself, and what it is reached by. */
export interface McpGreeting {
  readonly server: string
  readonly version: string
  /** Revision of the protocol, a date. */
  readonly protocol: string
  readonly pid?: number
}

export interface McpCall {
  readonly tool: string
  readonly input: JsonObject
  /** Aborting it tells the server (notifications/cancelled). */
  readonly signal: AbortSignal
  readonly onProgress?: (text: string) => void
}

export interface McpConnection {
  readonly greeting: McpGreeting
  /** Resolves with the reason when nothing can be asked any more. */
  readonly ended: Promise<string>
  list(signal: AbortSignal): Promise<McpListing>
  callTool(call: McpCall): Promise<CallToolResult>
  readResource(uri: string, signal: AbortSignal): Promise<ReadResourceResult>
  getPrompt(
    name: string,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal
  ): Promise<GetPromptResult>
  close(): Promise<void>
}

/** The way to the server, before anything was said. */
export interface McpLink {
  readonly transport: Transport
  readonly pid?: number
  readonly ended: Promise<string>
  /** Whether only asking shows that the server is still there, as over HTTP. */
  readonly mustAsk: boolean
  /** Releases what closing the transport does not. */
  readonly release?: () => Promise<void>
}

export interface McpConnectionInit {
  readonly link: McpLink
  /** Ask which of the newer revisions of the protocol it speaks, before greeting it as of old. */
  readonly negotiate: boolean
  /** Version of this node. */
  readonly version: string
  /** Told when the server's lists are not what they were. */
  readonly onListChanged: () => void
}

/** How long a server behind HTTP may take to say that it is there. */
const PING_TIMEOUT_MS = 10_000
const NAME_LENGTH = 64

/** Says hello; closes the link when that fails. Rejects with what the SDK says, or the signal's reason. */
export async function openConnection(
  components: { readonly clock: Clock; readonly logger: Logger },
  init: McpConnectionInit,
  signal: AbortSignal
): Promise<McpConnection> {
  const { link } = init
  const ended = Promise.withResolvers<string>()
  const client = await createClient(components.logger, init)
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's client is no event target
  client.onclose = () => ended.resolve('the connection closed')
  void link.ended.then(ended.resolve)
  try {
    const greeted = client.connect(link.transport, optionsOf(signal))
    await unlessAborted(Promise.race([greeted, endedBefore(link)]), signal)
  } catch (error) {
    await link.transport.close()
    throw error
  }
  const liveness = createLiveness(components.clock, { client, link, lost: ended.resolve })
  return {
    greeting: greetingOf(client, link.pid),
    ended: ended.promise,
    list: (each) => liveness.asked(readListing(client, each)),
    callTool: ({ tool, input, signal: each, onProgress }) =>
      liveness.asked(
        client.callTool(
          { name: tool, arguments: { ...input } },
          {
            ...optionsOf(each),
            ...(onProgress && { onprogress: (progress) => onProgress(progressText(progress)) })
          }
        )
      ),
    readResource: (uri, each) =>
      liveness.asked(client.readResource({ uri }, { ...optionsOf(each), cacheMode: 'bypass' })),
    getPrompt: (name, values, each) =>
      liveness.asked(client.getPrompt({ name, arguments: { ...values } }, optionsOf(each))),
    async close() {
      liveness.stop()
      await link.release?.()
      await client.close()
      await link.transport.close()
    }
  }
}

function optionsOf(signal: AbortSignal): { signal: AbortSignal; timeout: number } {
  return { signal, timeout: NO_TIMEOUT }
}

/** A process that cannot even start would otherwise be greeted until the deadline. */
async function endedBefore({ ended }: McpLink): Promise<never> {
  throw new Error(await ended)
}

async function createClient(
  logger: Logger,
  { negotiate, version, onListChanged }: McpConnectionInit
): Promise<Client> {
  const { Client } = await import('@modelcontextprotocol/client')
  const watched = { autoRefresh: false, debounceMs: 0, onChanged: () => onListChanged() }
  const client = new Client(
    { name: 'lumos', version },
    {
      // No sampling, no roots, no questions: a server gets nothing of this node but its calls.
      capabilities: {},
      jsonSchemaValidator: NO_CHECK,
      listChanged: { tools: watched, resources: watched, prompts: watched },
      ...(negotiate && {
        versionNegotiation: { mode: 'auto', probe: { timeoutMs: LIMITS.mcpStart.value } }
      })
    }
  )
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- as above
  client.onerror = (error) => logger.debug('not as the protocol has it', { error })
  return client
}

/**
 * Schema and answer are both the server's: with a regular expression in the one and a text to match in the
 * other it could stop this node, and what fits is no more to be trusted than what does not.
 */
const NO_CHECK: NonNullable<ClientOptions['jsonSchemaValidator']> = {
  getValidator: () => unchecked
}

function unchecked<T>(data: unknown): JsonSchemaValidatorResult<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody reads it as a T
  return { valid: true, data: data as T, errorMessage: undefined }
}

interface Liveness {
  asked<T>(question: Promise<T>): Promise<T>
  stop(): void
}

interface LivenessInit {
  readonly client: Client
  readonly link: McpLink
  readonly lost: (reason: string) => void
}

/** Over HTTP nothing tells that a server has gone, or come back without its memory, but asking it. */
function createLiveness(clock: Clock, { client, link, lost }: LivenessInit): Liveness {
  const stopping = new AbortController()

  async function check(): Promise<void> {
    const deadline = AbortSignal.any([clock.timeout(PING_TIMEOUT_MS), stopping.signal])
    try {
      if (client.getProtocolEra() === 'modern') await client.discover(optionsOf(deadline))
      else await client.ping(optionsOf(deadline))
    } catch {
      lost('it does not answer')
    }
  }

  async function keepAsking(): Promise<void> {
    while (await clock.sleep(LIMITS.mcpPing.value, stopping.signal)) await check()
  }

  if (link.mustAsk) void keepAsking()
  return {
    async asked(question) {
      try {
        return await question
      } catch (error) {
        if (link.mustAsk && !isAnswer(error)) void check()
        throw error
      }
    },
    stop: () => stopping.abort()
  }
}

/** Whether the server answered, if only with an error; anything else is a failure of the way. */
export function isAnswer(error: unknown): error is Error & { readonly code: number } {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
}

function greetingOf(client: Client, pid: number | undefined): McpGreeting {
  const { name = '', version = '' } = client.getServerVersion() ?? {}
  return {
    server: cleanText(name, NAME_LENGTH),
    version: cleanText(version, NAME_LENGTH),
    protocol: client.getNegotiatedProtocolVersion() ?? '',
    ...(pid !== undefined && { pid })
  }
}

function progressText({ progress, total, message }: Progress): string {
  if (message !== undefined && message !== '') return cleanText(message)
  return total === undefined ? String(progress) : `${progress}/${total}`
}
