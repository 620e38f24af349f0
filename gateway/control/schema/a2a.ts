/** The A2A documents inside the control API's, as schemas for docs/openapi.json and for tests. */
import { z } from 'zod'
import type * as a2a from '../../../core/a2a.ts'
import { json, jsonObject, named } from './document.ts'

export const taskState: z.ZodType<a2a.TaskState> = named(
  'TaskState',
  z.enum([
    'TASK_STATE_SUBMITTED',
    'TASK_STATE_WORKING',
    'TASK_STATE_COMPLETED',
    'TASK_STATE_FAILED',
    'TASK_STATE_CANCELED',
    'TASK_STATE_REJECTED',
    'TASK_STATE_INPUT_REQUIRED',
    'TASK_STATE_AUTH_REQUIRED'
  ])
)

// A2A's own documents may grow fields within a version: they stay open (looseObject).
export const part: z.ZodType<a2a.Part> = named(
  'Part',
  z.looseObject({
    text: z.string().exactOptional(),
    raw: z.string().exactOptional(),
    url: z.string().exactOptional(),
    data: json.exactOptional(),
    filename: z.string().exactOptional(),
    mediaType: z.string().exactOptional(),
    metadata: jsonObject.exactOptional()
  })
)

export const artifact: z.ZodType<a2a.Artifact> = named(
  'Artifact',
  z.looseObject({
    artifactId: z.string(),
    name: z.string().exactOptional(),
    description: z.string().exactOptional(),
    parts: z.array(part),
    metadata: jsonObject.exactOptional(),
    extensions: z.array(z.string()).exactOptional()
  })
)

export const message: z.ZodType<a2a.Message> = named(
  'Message',
  z.looseObject({
    messageId: z.string(),
    contextId: z.string().exactOptional(),
    taskId: z.string().exactOptional(),
    role: z.enum(['ROLE_USER', 'ROLE_AGENT']),
    parts: z.array(part),
    metadata: jsonObject.exactOptional(),
    extensions: z.array(z.string()).exactOptional(),
    referenceTaskIds: z.array(z.string()).exactOptional()
  })
)

export const skill: z.ZodType<a2a.AgentSkill> = named(
  'AgentSkill',
  z.looseObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    tags: z.array(z.string()),
    examples: z.array(z.string()).exactOptional(),
    inputModes: z.array(z.string()).exactOptional(),
    outputModes: z.array(z.string()).exactOptional()
  })
)

export const card: z.ZodType<a2a.AgentCard> = named(
  'AgentCard',
  z
    .looseObject({
      name: z.string(),
      description: z.string(),
      version: z.string(),
      supportedInterfaces: z.array(
        z.looseObject({
          url: z.string(),
          protocolBinding: z.string(),
          protocolVersion: z.string(),
          tenant: z.string().exactOptional()
        })
      ),
      capabilities: z.looseObject({
        streaming: z.boolean().exactOptional(),
        pushNotifications: z.boolean().exactOptional(),
        extendedAgentCard: z.boolean().exactOptional()
      }),
      defaultInputModes: z.array(z.string()),
      defaultOutputModes: z.array(z.string()),
      skills: z.array(skill)
    })
    .describe('A2A 1.0 agent card, signed by its node.')
)
