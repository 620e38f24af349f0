/** Guesses how many tokens a text has: good enough to decide what is sent again, where nobody counted. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'

/** English has some 4 bytes a token, code 3 to 3.5, other scripts 2 to 3 of UTF-8 (o200k, measured by many). */
const BYTES_PER_TOKEN = 3.5
/** Role and marks around a message. */
const MESSAGE_TOKENS = 4
/** An image of usual size; providers count 85 to 1,600. */
const FILE_TOKENS = 800

export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

export function messageTokens(message: ChatCompletionMessageParam): number {
  const calls = 'tool_calls' in message ? JSON.stringify(message.tool_calls) : ''
  return MESSAGE_TOKENS + contentTokens(message.content) + estimateTokens(calls)
}

function contentTokens(content: ChatCompletionMessageParam['content']): number {
  if (!content) return 0
  if (typeof content === 'string') return estimateTokens(content)
  return content.reduce(
    (sum, part) => sum + (part.type === 'text' ? estimateTokens(part.text) : FILE_TOKENS),
    0
  )
}
