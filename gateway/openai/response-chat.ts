/** Turns a request for a response into the chat that it is about: items into messages, names into names. */
import type { ChatContentPart, ChatDocument, ChatMessage } from '../../agents/llm/chat-schema.ts'
import type { InputItem, InputPart, ResponseRequest } from './response-schema.ts'

/** @param earlier what was said in the responses before this one */
export function chatOf(request: ResponseRequest, earlier: readonly ChatMessage[]): ChatDocument {
  const { instructions, tools, tool_choice: choice, parallel_tool_calls: parallel } = request
  const { temperature, top_p, max_output_tokens: most, reasoning } = request
  const format = formatOf(request)
  return {
    messages: [...earlier, ...messagesOf(request.input)],
    ...(instructions && { instructions }),
    ...(tools && { tools: tools.map(toolOf) }),
    ...(choice && { tool_choice: choiceOf(choice) }),
    ...(parallel !== undefined && { parallel_tool_calls: parallel }),
    ...(format && { response_format: format }),
    ...(temperature !== undefined && { temperature }),
    ...(top_p !== undefined && { top_p }),
    ...(most !== undefined && { max_completion_tokens: most }),
    ...(reasoning?.effort && { reasoning_effort: reasoning.effort })
  }
}

function messagesOf(input: ResponseRequest['input']): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  const messages: ChatMessage[] = []
  for (const item of input) add(messages, item)
  return messages
}

function add(messages: ChatMessage[], item: InputItem): void {
  if ('role' in item) messages.push(messageOf(item))
  else if (item.type === 'function_call_output') {
    const { call_id: tool_call_id, output } = item
    messages.push({ role: 'tool', tool_call_id, content: textIn(output) })
  } else if (item.type === 'function_call') {
    const call = { id: item.call_id, type: 'function' as const, function: functionOf(item) }
    const last = messages.at(-1)
    // One answer of a model, which are several items here.
    if (last?.role === 'assistant') {
      messages[messages.length - 1] = { ...last, tool_calls: [...(last.tool_calls ?? []), call] }
    } else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
  }
}

function functionOf({ name, arguments: input }: { name: string; arguments: string }) {
  return { name, arguments: input }
}

function messageOf({ role, content }: Extract<InputItem, { role: string }>): ChatMessage {
  if (role !== 'user') return { role, content: textIn(content) }
  return { role, content: typeof content === 'string' ? content : content.map(partOf) }
}

function partOf(part: InputPart): ChatContentPart {
  switch (part.type) {
    case 'input_image': {
      const { image_url: url, detail } = part
      return { type: 'image_url', image_url: { url, ...(detail && { detail }) } }
    }
    case 'input_file': {
      const { file_data, filename = 'file' } = part
      return { type: 'file', file: { file_data, filename } }
    }
    case 'refusal':
      return { type: 'text', text: part.refusal }
    case 'input_text':
    case 'output_text':
    default:
      return { type: 'text', text: part.text }
  }
}

function textIn(content: string | readonly InputPart[]): string {
  if (typeof content === 'string') return content
  return content
    .map(partOf)
    .flatMap((part) => (part.type === 'text' ? [part.text] : [`[${part.type}]`]))
    .join('\n')
}

function toolOf({
  name,
  description,
  parameters,
  strict
}: NonNullable<ResponseRequest['tools']>[number]): NonNullable<ChatDocument['tools']>[number] {
  return {
    type: 'function',
    function: {
      name,
      ...(description != null && { description }),
      ...(parameters && { parameters }),
      ...(strict != null && { strict })
    }
  }
}

function choiceOf(
  choice: NonNullable<ResponseRequest['tool_choice']>
): NonNullable<ChatDocument['tool_choice']> {
  if (typeof choice === 'string') return choice
  return { type: 'function', function: { name: choice.name } }
}

function formatOf({ text }: ResponseRequest): ChatDocument['response_format'] {
  const format = text?.format
  if (format?.type !== 'json_schema') return format ?? undefined
  const { name, description, schema, strict } = format
  return {
    type: 'json_schema',
    json_schema: {
      name,
      schema,
      ...(description !== undefined && { description }),
      ...(strict !== undefined && { strict })
    }
  }
}
