/** What of a chat completion's request a caller may bring to an agent of a language model. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'

const text = z.string()
/** As models take names of tools. */
const toolName = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'a name has 1 to 64 letters, digits, "_" and "-"')
const schemaObject = z.record(z.string(), z.json())

const textPart = z.object({ type: z.literal('text'), text })

const contentPart = z.discriminatedUnion('type', [
  textPart,
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({ url: text, detail: z.enum(['auto', 'low', 'high']).exactOptional() })
  }),
  z.object({
    type: z.literal('input_audio'),
    input_audio: z.object({ data: text, format: z.enum(['wav', 'mp3']) })
  }),
  z.object({
    type: z.literal('file'),
    file: z.object({ file_data: text, filename: text.default('file') })
  })
])

const toolCall = z.object({
  id: text,
  type: z.literal('function'),
  function: z.object({ name: text, arguments: text })
})

const textual = z.union([text, z.array(textPart)])

const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content: textual }),
  z.object({ role: z.literal('developer'), content: textual }),
  z.object({ role: z.literal('user'), content: z.union([text, z.array(contentPart)]) }),
  z.object({
    role: z.literal('assistant'),
    // Refusals that clients send back are what the model said.
    content: z
      .union([
        text,
        z.array(
          z.discriminatedUnion('type', [
            textPart,
            z.object({ type: z.literal('refusal'), refusal: text })
          ])
        )
      ])
      .nullish(),
    tool_calls: z.array(toolCall).exactOptional()
  }),
  z.object({ role: z.literal('tool'), tool_call_id: text, content: textual })
])

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: toolName,
    description: text.exactOptional(),
    parameters: schemaObject.exactOptional(),
    strict: z.boolean().nullable().exactOptional()
  })
})

const toolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: text }) })
])

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: toolName,
      description: text.exactOptional(),
      schema: schemaObject,
      strict: z.boolean().nullable().exactOptional()
    })
  })
])

/** Sampling and effort: wishes that any agent may pass over. */
const chatSettings = {
  temperature: z.number().min(0).max(2).exactOptional(),
  top_p: z.number().min(0).max(1).exactOptional(),
  max_tokens: z.int().min(1).exactOptional(),
  max_completion_tokens: z.int().min(1).exactOptional(),
  reasoning_effort: z
    .enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
    .exactOptional(),
  seed: z.int().exactOptional(),
  stop: z.union([text, z.array(text).max(4)]).exactOptional()
}

/** Members that are not named here say nothing to an agent. */
export const chatFields = {
  messages: z.array(message).min(1),
  tools: z.array(tool).max(LIMITS.toolsOffered.value).exactOptional(),
  tool_choice: toolChoice.exactOptional(),
  parallel_tool_calls: z.boolean().exactOptional(),
  response_format: responseFormat.exactOptional(),
  ...chatSettings
}

/** The document in the metadata of a message (core/chat-request.ts). */
export const chatSchema = z.object({ instructions: text.exactOptional(), ...chatFields })

/** What is wrong first, and where: `messages.0.content`. */
export function firstFlaw(error: z.ZodError): { readonly path: string; readonly message: string } {
  let { issues } = error
  const path: PropertyKey[] = []
  for (;;) {
    const [issue] = issues
    if (issue === undefined) return { path: '', message: 'not valid' }
    path.push(...issue.path)
    // Of several forms that would do, the one is meant that fits furthest.
    const nested = issue.code === 'invalid_union' ? issue.errors.filter(isDeep) : []
    const [meant] = nested
    if (meant === undefined) return { path: path.join('.'), message: issue.message }
    issues = meant
  }
}

function isDeep([issue]: readonly z.core.$ZodIssue[]): boolean {
  return issue !== undefined && issue.path.length > 0
}

export type ChatDocument = z.infer<typeof chatSchema>
export type ChatMessage = ChatDocument['messages'][number]
export type ChatContentPart = z.infer<typeof contentPart>
