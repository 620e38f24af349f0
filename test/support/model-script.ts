/** What the test's model answers when the test injects nothing: an echo, and whatever it is told to do. */
import type { ModelReply, ModelRequest } from './model-server.ts'

interface Said {
  readonly role: string
  readonly content?: unknown
  readonly tool_call_id?: string
}

/**
 * The default `respond`: a model that obeys everybody who speaks to it, be it the user or a tool's
 * result (an injected instruction). It echoes the last user message, one token a word, except that a
 * line of this form is an order (several `!call` lines are one answer with parallel tool calls):
 *
 *     !call NAME {"json": "arguments"}    calls a tool (arguments are sent as they stand, even broken)
 *     !then                               what follows is for its next answer to the same message
 *     !say TEXT                           answers TEXT
 *     !tokens N                           answers N tokens
 *     !pause MS                           milliseconds before the answer begins
 *     !every MS                           milliseconds between its tokens
 *     !fail STATUS [RETRY-AFTER]          answers that HTTP status
 *     !cut N                              breaks the connection after N tokens
 *
 * When tools have answered and nobody ordered anything it tells what they said. With a
 * `response_format` an echo is the smallest JSON that fits.
 */
export function obey(request: ModelRequest): ModelReply {
  const messages = (request.body['messages'] ?? []) as readonly Said[]
  const lastUser = messages.findLastIndex(({ role }) => role === 'user')
  const lastOwn = messages.findLastIndex(({ role }) => role === 'assistant')
  const round = messages.slice(lastUser).filter(({ role }) => role === 'assistant').length
  const asked = textOf(messages[lastUser]?.content)
  const results = messages.slice(Math.max(lastOwn, lastUser) + 1).map(({ content }) => content)
  const rounds = asked.split(/^!then\n?/m)
  const ordered = [rounds[round] ?? '', ...results.flatMap(stringsIn)].join('\n')
  const reply = orders(ordered)
  if (reply.text !== undefined || reply.toolCalls !== undefined) return reply
  const plain = (round > 0 && results.length > 0 ? results.map(textOf).join('\n') : asked)
    .split('\n')
    .filter((line) => !line.startsWith('!'))
    .join('\n')
  return { ...reply, text: formatted(request, plain === '' ? 'ok' : plain) }
}

function orders(script: string): ModelReply {
  const reply: { -readonly [K in keyof ModelReply]: ModelReply[K] } = {}
  for (const [, verb, rest = ''] of script.matchAll(/^!(\w+) ?(.*)$/gm)) {
    const [first = '', second] = rest.split(' ')
    if (verb === 'call') {
      const call = { name: first, arguments: rest.slice(first.length + 1) || '{}' }
      reply.toolCalls = [...(reply.toolCalls ?? []), call]
    } else if (verb === 'say') reply.text = rest
    else if (verb === 'tokens')
      reply.text = Array.from({ length: Number(first) }, () => 'tok').join(' ')
    else if (verb === 'pause') reply.delayMs = Number(first)
    else if (verb === 'every') reply.tokenDelayMs = Number(first)
    else if (verb === 'cut') reply.cutAfter = Number(first)
    else if (verb === 'fail') {
      reply.status = Number(first)
      if (second !== undefined) reply.retryAfter = second
    }
  }
  return reply
}

/** Text of a message's content; parts that are no text are named. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return (content as readonly { type: string; text?: string }[])
    .map(({ type, text }) => text ?? `[${type}]`)
    .join('\n')
}

/** All texts in a tool's result, which mostly is JSON text. */
function stringsIn(content: unknown): string[] {
  if (typeof content !== 'string') {
    return typeof content === 'object' && content !== null
      ? Object.values(content).flatMap(stringsIn)
      : []
  }
  try {
    const value: unknown = JSON.parse(content)
    return typeof value === 'object' ? stringsIn(value) : [`${value as string | number}`]
  } catch {
    return [content]
  }
}

function formatted({ body }: ModelRequest, text: string): string {
  const format = body['response_format'] as
    | { type: string; json_schema?: { schema?: Schema } }
    | undefined
  if (format === undefined || format.type === 'text') return text
  return JSON.stringify(smallest(format.json_schema?.schema ?? {}, text))
}

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
}

function smallest(schema: Schema, text: string): unknown {
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type) {
    case 'string':
      return text
    case 'number':
    case 'integer':
      return 0
    case 'boolean':
      return true
    case 'array':
      return []
    case undefined:
    default:
      return schema.properties === undefined
        ? { answer: text }
        : Object.fromEntries(
            Object.entries(schema.properties).map(([name, part]) => [name, smallest(part, text)])
          )
  }
}
