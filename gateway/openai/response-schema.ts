/** What of OpenAI's Responses API this door takes; what it cannot honour is refused by name. */
import { z } from 'zod'
import { chatFields } from '../../agents/llm/chat-schema.ts'
import { LIMITS } from '../../core/limits.ts'

const text = z.string()

const contentPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input_text'), text }),
  z.object({ type: z.literal('output_text'), text }),
  z.object({ type: z.literal('refusal'), refusal: text }),
  z.object({
    type: z.literal('input_image'),
    image_url: text,
    detail: z.enum(['auto', 'low', 'high']).nullish()
  }),
  z.object({ type: z.literal('input_file'), file_data: text, filename: text.exactOptional() })
])

const content = z.union([text, z.array(contentPart)])

const item = z.union([
  z.object({
    type: z.literal('message').exactOptional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content
  }),
  z.object({
    type: z.literal('function_call'),
    call_id: text,
    name: text,
    arguments: text
  }),
  z.object({ type: z.literal('function_call_output'), call_id: text, output: content }),
  // What a model thought is for the model that thought it.
  z.object({ type: z.literal('reasoning') })
])

const tool = z.object({
  type: z.literal('function', 'agents bring tools of other types themselves'),
  ...chatFields.tools.unwrap().element.shape.function.shape,
  description: text.nullish(),
  parameters: chatFields.tools.unwrap().element.shape.function.shape.parameters.unwrap().nullish()
})

const format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: text,
    description: text.exactOptional(),
    schema: z.record(text, z.json()),
    strict: z.boolean().nullish()
  })
])

export const responseSchema = z.object({
  model: z.string().min(1).max(128),
  input: z.union([text, z.array(item).min(1)]),
  instructions: text.exactOptional(),
  previous_response_id: text.max(128).exactOptional(),
  conversation: z.never('not supported: give previous_response_id').exactOptional(),
  stream: z.boolean().exactOptional(),
  background: z.boolean().exactOptional(),
  store: z.boolean().exactOptional(),
  metadata: z.record(text.max(64), text.max(512)).exactOptional(),
  tools: z.array(tool).max(LIMITS.toolsOffered.value).exactOptional(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'required']),
      z.object({ type: z.literal('function'), name: text })
    ])
    .exactOptional(),
  parallel_tool_calls: z.boolean().exactOptional(),
  text: z.object({ format: format.nullish() }).exactOptional(),
  temperature: chatFields.temperature,
  top_p: chatFields.top_p,
  max_output_tokens: chatFields.max_tokens,
  reasoning: z.object({ effort: chatFields.reasoning_effort.unwrap().nullish() }).exactOptional()
})

export type ResponseRequest = z.infer<typeof responseSchema>
export type InputItem = Exclude<ResponseRequest['input'], string>[number]
export type InputPart = z.infer<typeof contentPart>
