/** What the control API says about tasks and logs, and what it is asked: schemas of client/api.ts. */
import { z } from 'zod'
import { ROUTE_POLICIES } from '../../../core/route-choice.ts'
import { ENSEMBLE_TAKES } from '../../../core/ensemble.ts'
import type { EnsembleOptions } from '../../../core/ensemble.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { AgentStep } from '../../../core/agent-step.ts'
import type * as api from '../../../client/api.ts'
import { artifact, message, part, taskState } from './a2a.ts'
import { budget, chain, priority, usage } from './chain.ts'
import { routeChoice } from './routing.ts'
import { count, json, moment, ms, named, node, v, wireError } from './document.ts'

const callId = z.string()
const tool = z.string()
const stepNumber = count.describe('From 1.')

/** Not strict: a peer of a later version may tell more of a step. */
const agentStep: z.ZodType<AgentStep> = named(
  'AgentStep',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('tool-start'), callId, tool, input: json.exactOptional() }),
    z.object({
      kind: z.literal('tool-end'),
      callId,
      tool,
      ok: z.boolean(),
      tookMs: ms,
      output: json.exactOptional().describe('Cut to a size fit for reading along.'),
      error: z.object({ code: z.string(), message: z.string() }).exactOptional(),
      node: z.string().exactOptional()
    }),
    z.object({ kind: z.literal('tool-text'), callId, text: z.string() }),
    z.object({
      kind: z.literal('step-end'),
      step: stepNumber,
      finish: z.string(),
      tookMs: ms
    }),
    z.object({
      kind: z.literal('usage'),
      step: stepNumber,
      model: z.string(),
      inputTokens: count,
      outputTokens: count,
      cost: z.number().exactOptional().describe('US dollars.')
    }),
    z.object({ kind: z.literal('error'), code: z.string(), message: z.string() })
  ])
)

const question = {
  auth: z.boolean().describe('True for a permission, or a sign-in.'),
  text: z.string(),
  atMs: ms.describe('Tells one question of a task from another.'),
  parts: z.array(part).exactOptional().describe('What belongs to it besides its text.')
}

const summary = {
  id: z.string(),
  parent: z.string().exactOptional().describe('The task whose agent asked for this one.'),
  contextId: z.string(),
  state: taskState,
  agent: z.string(),
  outgoing: z.boolean().describe('True when this node asked; false when it works for a peer.'),
  caller: node,
  worker: node,
  createdAt: moment,
  updatedAt: moment,
  tookMs: ms.nullable(),
  input: z.string(),
  question: z
    .strictObject(question)
    .exactOptional()
    .describe('What it waits to be answered, when this node asked.'),
  error: wireError.exactOptional()
}

export const taskList: z.ZodType<api.TaskList> = named(
  'TaskList',
  z.strictObject({
    v,
    tasks: z.array(z.strictObject(summary)),
    next: z.string().describe('Give it back as `cursor` for the next page; empty at the end.')
  })
)

export const taskDocument: z.ZodType<api.TaskDocument> = named(
  'TaskDocument',
  z.strictObject({
    v,
    task: z.strictObject({
      ...summary,
      artifacts: z.array(artifact),
      history: z.array(message),
      chain: chain.exactOptional(),
      usage: usage.exactOptional()
    })
  })
)

const ensemble: z.ZodType<EnsembleOptions> = named(
  'Ensemble',
  z
    .strictObject({
      peers: z.int().min(2).max(LIMITS.ensemblePeers.value).describe('How many are asked at most.'),
      take: z
        .enum(ENSEMBLE_TAKES)
        .exactOptional()
        .describe('What is made of their answers; default `first`.'),
      judge: z
        .string()
        .min(1)
        .max(512)
        .exactOptional()
        .describe('The agent that chooses with `best`; default `chat`.')
    })
    .describe('One question to several peers.')
)

export const runRequest: z.ZodType<api.RunRequest> = named(
  'RunRequest',
  z.strictObject({
    target: z.string().min(1).max(512).describe('Agent id, skill id, `@agent@node` or tag.'),
    text: z.string().describe('May be empty where there is data.'),
    data: json.exactOptional().describe('Structured input, checked by what the skill declares.'),
    skill: z.string().min(1).max(512).exactOptional().describe('Of an agent that has several.'),
    to: z
      .string()
      .min(1)
      .max(512)
      .exactOptional()
      .describe('Node name, PeerId or a unique prefix of at least 6 characters.'),
    where: z.enum(['local', 'remote', 'any']).exactOptional(),
    policy: z
      .enum(ROUTE_POLICIES)
      .exactOptional()
      .describe('How its worker is chosen among those that can do it; without it as configured.'),
    ensemble: ensemble.exactOptional(),
    priority: priority.exactOptional(),
    budget: budget.exactOptional(),
    timeoutMs: z.number().positive().exactOptional(),
    taskId: z
      .uuid()
      .exactOptional()
      .describe('Chosen by the caller; the same id and text is the same task.'),
    contextId: z.string().min(1).max(128).exactOptional(),
    detach: z
      .boolean()
      .exactOptional()
      .describe('Ends the story with `accepted`, as soon as the order is on disk.'),
    cancelOnDisconnect: z
      .boolean()
      .exactOptional()
      .describe('Stops the task when the listener goes away before its end.')
  })
)

export const answerRequest: z.ZodType<api.AnswerRequest> = named(
  'AnswerRequest',
  z.strictObject({
    text: z.string(),
    messageId: z
      .string()
      .min(1)
      .max(128)
      .exactOptional()
      .describe('Chosen by the caller; the same id and text is the same answer.')
  })
)

/** `seq` counts from 0 without gaps. */
const head = { v, seq: count }

export const runEvent: z.ZodType<api.RunEvent> = named(
  'RunEvent',
  z.discriminatedUnion('type', [
    z.strictObject({
      ...head,
      type: z.literal('routed'),
      candidates: count,
      worker: node,
      agent: z.string(),
      path: z.enum(['local', 'direct', 'relay']),
      lookupMs: ms,
      choice: routeChoice.exactOptional()
    }),
    z.strictObject({
      ...head,
      type: z.literal('accepted'),
      task: z.strictObject({ id: z.string() }),
      atMs: ms
    }),
    z.strictObject({
      ...head,
      type: z.literal('status'),
      state: taskState,
      text: z.string().exactOptional(),
      fraction: z.number().exactOptional(),
      step: agentStep.exactOptional(),
      atMs: ms
    }),
    z.strictObject({
      ...head,
      type: z.literal('artifact'),
      artifact,
      append: z.boolean(),
      lastChunk: z.boolean(),
      atMs: ms
    }),
    z.strictObject({ ...head, type: z.literal('input-required'), ...question }),
    z.strictObject({
      ...head,
      type: z.literal('answered'),
      messageId: z.string(),
      text: z.string(),
      atMs: ms
    }),
    z.strictObject({ ...head, type: z.literal('retry'), error: wireError, atMs: ms }),
    z.strictObject({
      ...head,
      type: z.literal('hedged'),
      worker: node,
      agent: z.string(),
      path: z.enum(['local', 'direct', 'relay']),
      afterMs: ms,
      atMs: ms
    }),
    z.strictObject({
      ...head,
      type: z.literal('hedge-lost'),
      worker: node,
      error: wireError.exactOptional(),
      atMs: ms
    }),
    z.strictObject({
      ...head,
      type: z.literal('waiting'),
      worker: node,
      error: wireError,
      atMs: ms
    }),
    z.strictObject({ ...head, type: z.literal('resumed'), worker: node, atMs: ms }),
    z.strictObject({
      ...head,
      type: z.literal('restarted'),
      attempt: count,
      worker: node.exactOptional(),
      atMs: ms
    }),
    z.strictObject({
      ...head,
      type: z.literal('result'),
      task: z.strictObject({ id: z.string(), state: taskState, artifacts: z.array(artifact) }),
      worker: node,
      tookMs: ms,
      firstEventMs: ms.nullable(),
      error: wireError.exactOptional(),
      usage: usage.exactOptional()
    })
  ])
)
