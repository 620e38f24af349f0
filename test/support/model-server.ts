/**
 * An OpenAI-compatible model server without delay, for tests and benches. In process:
 * `const server = await startModelServer()`; as a process: `node test/support/model-server.ts` prints
 * its base URL and serves until it is killed.
 */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { obey } from './model-script.ts'

export interface ModelRequest {
  readonly method: string
  /** `/v1/chat/completions`. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** The parsed body, `{}` without one. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Everything is optional; what is absent is the normal case. */
export interface ModelReply {
  /** Sent in tokens: words of a string, items of an iterable as they come (a test can hold them back). */
  readonly text?: string | AsyncIterable<string>
  /** `arguments` is JSON text, broken if the test wants that. */
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string }[]
  /** Default `stop`, or `tool_calls` where there are some. */
  readonly finish?: string
  /** HTTP status of a failure; the answer is then an error with `error` as its message. */
  readonly status?: number
  readonly error?: string
  /** The header, as it is to be sent: seconds or a date. */
  readonly retryAfter?: string
  /** Before the first byte. */
  readonly delayMs?: number
  readonly tokenDelayMs?: number
  /** Breaks the connection after so many tokens. */
  readonly cutAfter?: number
}

export interface ModelServerOptions {
  /** What is answered to a chat completion; default {@link obey}, see there for its little language. */
  readonly respond?: (request: ModelRequest) => ModelReply | Promise<ModelReply>
  /** Refuse requests without this key. */
  readonly key?: string
  /** Default `['test-model']`. */
  readonly models?: readonly string[]
  /** Default 0: any free port. */
  readonly port?: number
}

export interface ModelServer {
  /** Base URL with `/v1`, as OPENAI_BASE_URL has it. */
  readonly url: string
  /** The newest 1,000 requests, oldest first. */
  readonly requests: readonly ModelRequest[]
  /** Requests being answered now. */
  readonly open: number
  /** Requests whose client went away before the answer's end. */
  readonly closedEarly: number
  /** TCP connections accepted so far. */
  readonly connections: number
  readonly events: EventEmitter<{ request: [ModelRequest]; closedEarly: [ModelRequest] }>
  /** Breaks every connection. */
  stop(): Promise<void>
}

const KEPT_REQUESTS = 1000
/** Numbers of one vector of `/v1/embeddings`: texts that share words are near each other. */
const DIMENSIONS = 64

export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const requests: ModelRequest[] = []
  const events: ModelServer['events'] = new EventEmitter()
  const count = { open: 0, closedEarly: 0, connections: 0 }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    count.open += 1
    const gone = new AbortController()
    const request: ModelRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: incoming.method === 'POST' ? ((await json(incoming)) as ModelRequest['body']) : {}
    }
    response.on('close', () => {
      count.open -= 1
      gone.abort()
      if (response.writableFinished) return
      count.closedEarly += 1
      events.emit('closedEarly', request)
    })
    requests.push(request)
    if (requests.length > KEPT_REQUESTS) requests.shift()
    events.emit('request', request)
    await answer({ request, response, options, gone: gone.signal })
  }

  const server = createServer((incoming, response) => {
    // A client that went away, or a `respond` that threw: the connection tells it.
    serve(incoming, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', () => (count.connections += 1))
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    events,
    get open() {
      return count.open
    },
    get closedEarly() {
      return count.closedEarly
    },
    get connections() {
      return count.connections
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}

interface Exchange {
  readonly request: ModelRequest
  readonly response: ServerResponse
  readonly options: ModelServerOptions
  readonly gone: AbortSignal
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, options } = exchange
  const { key, models = ['test-model'] } = options
  if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
    return sendError(response, { status: 401, error: 'Incorrect API key provided' })
  }
  switch (`${request.method} ${request.path}`) {
    case 'GET /v1/models':
      return send(response, { object: 'list', data: models.map(described) })
    case 'POST /v1/embeddings':
      return send(response, embeddings(request))
    case 'POST /v1/chat/completions':
      return complete(exchange)
    default:
      return sendError(response, { status: 404, error: 'there is no such route' })
  }
}

async function complete({ request, response, options, gone }: Exchange): Promise<void> {
  const reply = await (options.respond ?? obey)(request)
  if (reply.delayMs !== undefined) await delay(reply.delayMs, undefined, { signal: gone })
  if (reply.status !== undefined) return sendError(response, reply)
  if (request.body['stream'] === true) return stream({ request, response, gone }, reply)
  const tokens: string[] = []
  for await (const token of tokensOf(reply)) tokens.push(token)
  const message = {
    role: 'assistant',
    content: reply.text === undefined ? null : tokens.join(''),
    ...(reply.toolCalls && { tool_calls: reply.toolCalls.map(toolCall) })
  }
  const choice = { index: 0, message, finish_reason: finishOf(reply) }
  send(response, {
    ...frame(request, 'chat.completion'),
    choices: [choice],
    usage: usage(request, tokens.length)
  })
}

async function stream(
  { request, response, gone }: Omit<Exchange, 'options'>,
  reply: ModelReply
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const base = frame(request, 'chat.completion.chunk')
  // Tokens that cost no time leave in as few packets as they fit.
  const together = typeof reply.text !== 'object' && reply.tokenDelayMs === undefined
  let waiting = ''
  const write = (part: object): void => {
    const line = `data: ${JSON.stringify({ ...base, ...part })}\n\n`
    if (together) waiting += line
    else response.write(line)
  }
  const tell = (delta: object, finish: string | null = null): void =>
    write({ choices: [{ index: 0, delta, finish_reason: finish }] })
  tell({ role: 'assistant', content: '' })
  let count = 0
  for await (const content of tokensOf(reply)) {
    if (count === reply.cutAfter) break
    if (reply.tokenDelayMs !== undefined)
      await delay(reply.tokenDelayMs, undefined, { signal: gone })
    if (gone.aborted) return
    tell({ content })
    count += 1
  }
  if (reply.cutAfter !== undefined) {
    // What was written before reaches the client first.
    await new Promise((resolve) => response.write(`${waiting}\n`, resolve))
    response.destroy()
    return
  }
  tellCalls(reply, tell)
  tell({}, finishOf(reply))
  const options = request.body['stream_options'] as { include_usage?: boolean } | undefined
  if (options?.include_usage === true) write({ choices: [], usage: usage(request, count) })
  response.end(`${waiting}data: [DONE]\n\n`)
}

/** Name first, arguments in two pieces, as models send them. */
function tellCalls({ toolCalls = [] }: ModelReply, tell: (delta: object) => void): void {
  for (const [index, call] of toolCalls.entries()) {
    const { function: named, ...rest } = toolCall(call, index)
    tell({ tool_calls: [{ index, ...rest, function: { name: named.name, arguments: '' } }] })
    const middle = Math.ceil(named.arguments.length / 2)
    for (const part of [named.arguments.slice(0, middle), named.arguments.slice(middle)]) {
      tell({ tool_calls: [{ index, function: { arguments: part } }] })
    }
  }
}

async function* tokensOf({ text }: ModelReply): AsyncGenerator<string> {
  if (text === undefined) return
  if (typeof text === 'string') yield* text.match(/\s*\S+\s*$|\s*\S+/g) ?? []
  else yield* text
}

function toolCall(call: { name: string; arguments: string }, index: number) {
  return { id: `call_${index}_${call.name}`, type: 'function', function: call }
}

function finishOf({ finish, toolCalls }: ModelReply): string {
  return finish ?? (toolCalls === undefined ? 'stop' : 'tool_calls')
}

function frame({ body }: ModelRequest, object: string): object {
  return { id: 'chatcmpl-test', object, created: 1_700_000_000, model: body['model'] }
}

/** A token is a word of an answer, and four bytes of a question. */
function usage({ body }: ModelRequest, completion: number): object {
  const prompt = Math.ceil(JSON.stringify(body['messages'] ?? []).length / 4)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion
  }
}

function described(id: string): object {
  return { id, object: 'model', created: 1_700_000_000, owned_by: 'test' }
}

function embeddings({ body }: ModelRequest): object {
  const { input, model, encoding_format: encoding } = body
  const texts = Array.isArray(input) ? input.map(String) : [String(input)]
  const data = texts.map((text, index) => {
    const vector = vectorOf(text)
    const embedding =
      encoding === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: texts.length, total_tokens: 1 } }
}

function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  for (const word of text.toLowerCase().match(/\w+/g) ?? ['']) {
    const place =
      Buffer.from(word).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7) % DIMENSIONS
    vector[place] = (vector[place] ?? 0) + 1
  }
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

function send(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function sendError(
  response: ServerResponse,
  { status = 500, error = `status ${status}`, retryAfter }: ModelReply
): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': retryAfter })
    })
    .end(JSON.stringify({ error: { message: error, type: 'test_error', code: null } }))
}

if (import.meta.main) {
  const { url } = await startModelServer()
  process.stdout.write(`${url}\n`)
}
