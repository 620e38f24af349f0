/** Puts an answer together of the chunks of a model, at the same cost for each of them. */
import type {
  ChatCompletionChunk,
  ChatCompletionMessageFunctionToolCall
} from 'openai/resources/chat/completions'

export type ChatToolCall = ChatCompletionMessageFunctionToolCall

export interface TokenUsage {
  readonly input: number
  readonly output: number
}

export interface Answer {
  readonly text: string
  /** In the order in which the model began them. */
  readonly toolCalls: readonly ChatToolCall[]
  /** `stop`, `tool_calls`, `length`, `content_filter`, or whatever the server calls it. */
  readonly finish: string
  /** Where the server tells it. */
  readonly usage: TokenUsage | undefined
  /** The model declined, and `text` says so. */
  readonly refused: boolean
  /** `data:` and other URLs of images that it made. */
  readonly images: readonly string[]
  /** What some models want to have back beside their tool calls. */
  readonly reasoning: string
}

export interface AnswerBuilder {
  /** Takes a chunk and returns the text in it. */
  add(chunk: ChatCompletionChunk): string
  /** Characters of all that it wrote so far: text, reasoning, calls. */
  written(): number
  answer(): Answer
}

/** What servers send beside what OpenAI does. */
interface WiderDelta {
  /** DeepSeek, Qwen, vLLM. */
  readonly reasoning_content?: string | null
  /** OpenRouter. */
  readonly images?: readonly { readonly image_url?: { readonly url?: string } }[]
}

type Delta = ChatCompletionChunk.Choice.Delta & WiderDelta

export function createAnswerBuilder(): AnswerBuilder {
  const calls = createCallBuilder()
  const images: string[] = []
  let text = ''
  let reasoning = ''
  let finish = ''
  let usage: TokenUsage | undefined
  let refused = false
  let written = 0

  return {
    add(chunk) {
      const told = chunk.usage
      if (told) usage = usageIn(told)
      // Some servers end with a chunk that has no choices, some leave the list out.
      const choice: ChatCompletionChunk.Choice | undefined = chunk.choices?.[0]
      if (choice === undefined) return ''
      if (choice.finish_reason) finish = choice.finish_reason
      const delta: Delta | undefined = choice.delta
      if (!delta) return ''
      if (delta.refusal) refused = true
      if (delta.reasoning_content) reasoning += delta.reasoning_content
      written += delta.reasoning_content?.length ?? 0
      for (const call of delta.tool_calls ?? []) {
        calls.add(call)
        written += call.function?.arguments?.length ?? 0
      }
      for (const image of delta.images ?? []) images.push(image.image_url?.url ?? '')
      const added = (delta.content ?? '') + (delta.refusal ?? '')
      text += added
      written += added.length
      return added
    },
    written: () => written,
    answer: () => ({
      text,
      toolCalls: calls.calls(),
      finish: finish || 'stop',
      usage,
      refused,
      images: images.filter((url) => url !== ''),
      reasoning
    })
  }
}

/** Half of it, or what is no number, would make a sum that no limit is ever below. */
function usageIn({
  prompt_tokens: input,
  completion_tokens: output
}: Readonly<Record<'prompt_tokens' | 'completion_tokens', unknown>>): TokenUsage | undefined {
  return isCount(input) && isCount(output) ? { input, output } : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

type CallDelta = ChatCompletionChunk.Choice.Delta.ToolCall

interface CallParts {
  readonly id: string
  name: string
  input: string
}

function createCallBuilder() {
  const begun: CallParts[] = []
  const byIndex = new Map<number, CallParts>()

  /** Not all servers number calls, and some give a number twice: a new id is a new call. */
  function partsOf({ id, index }: CallDelta): CallParts {
    const known = byIndex.get(index) ?? (index === undefined && !id ? begun.at(-1) : undefined)
    if (known !== undefined && (!id || known.id === id)) return known
    const made = { id: id || `call_${begun.length}`, name: '', input: '' }
    begun.push(made)
    if (index !== undefined) byIndex.set(index, made)
    return made
  }

  return {
    add(delta: CallDelta): void {
      const parts = partsOf(delta)
      parts.name += delta.function?.name ?? ''
      parts.input += delta.function?.arguments ?? ''
    },
    calls: (): ChatToolCall[] =>
      begun.map(({ id, name, input }) => ({
        id,
        type: 'function',
        function: { name, arguments: input }
      }))
  }
}
