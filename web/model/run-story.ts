/** What a task told so far, as one reads it: what came out, which tools ran where, what went wrong on the way. */
import type { Question, RunEvent } from '../../client/api.ts'
import type { Part, TaskState } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import type { WireError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import type { AgentStep } from '../../core/agent-step.ts'

export interface StoryNode {
  readonly id: string
  readonly name: string
}

export interface Output {
  readonly id: string
  readonly name?: string
  readonly parts: readonly Part[]
}

export interface ToolUse {
  readonly callId: string
  readonly tool: string
  readonly input?: Json
  /** Of an agent that it asks, as it arrives. */
  readonly text: string
  readonly output?: Json
  readonly error?: { readonly code: string; readonly message: string }
  /** Name of the node that did it, when it was another one than the worker. */
  readonly node?: string
  /** Undefined while it runs. */
  readonly tookMs?: number
}

/** Something on the way that people want to know of. */
export interface Note {
  readonly atMs: number
  readonly text: string
  readonly code?: string
}

export interface RunStory {
  readonly taskId?: string
  readonly state: TaskState
  readonly worker?: StoryNode & { readonly agent: string; readonly path: string }
  /** The latest word about its progress. */
  readonly progress?: string
  readonly fraction?: number
  readonly outputs: readonly Output[]
  readonly tools: readonly ToolUse[]
  readonly notes: readonly Note[]
  /** Not answered yet. */
  readonly question?: Question
  readonly error?: WireError
  readonly tookMs?: number
  readonly firstEventMs?: number
  readonly usage?: Usage
}

export const BEGINNING: RunStory = {
  state: 'TASK_STATE_SUBMITTED',
  outputs: [],
  tools: [],
  notes: []
}

/** Of those that an endless task tells, the newest. */
const MOST_NOTES = 200
const MOST_TOOLS = 500

export function withEvents(story: RunStory, events: readonly RunEvent[]): RunStory {
  return events.reduce(withEvent, story)
}

function withEvent(story: RunStory, event: RunEvent): RunStory {
  switch (event.type) {
    case 'routed': {
      const { worker, agent, path } = event
      return { ...story, worker: { ...worker, agent, path } }
    }
    case 'accepted':
      return { ...story, taskId: event.task.id }
    case 'status':
      return withStatus(story, event)
    case 'artifact':
      return { ...story, outputs: withArtifact(story.outputs, event) }
    case 'input-required': {
      const { auth, text, atMs, parts } = event
      const state = auth ? 'TASK_STATE_AUTH_REQUIRED' : 'TASK_STATE_INPUT_REQUIRED'
      return { ...story, state, question: { auth, text, atMs, ...(parts && { parts }) } }
    }
    case 'answered': {
      const { question: _, ...rest } = story
      return noted({ ...rest, state: 'TASK_STATE_WORKING' }, event, `answered: ${event.text}`)
    }
    case 'result':
      return withResult(story, event)
    case 'retry':
    case 'hedged':
    case 'hedge-lost':
    case 'waiting':
    case 'resumed':
    case 'restarted':
      return withTurn(story, event)
    default:
      return story
  }
}

type Of<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>

function withStatus(story: RunStory, { state, text, fraction, step }: Of<'status'>): RunStory {
  return {
    ...story,
    state,
    ...(text !== undefined && text !== '' && { progress: text }),
    ...(fraction !== undefined && { fraction }),
    tools: step === undefined ? story.tools : withStep(story.tools, step)
  }
}

/** What turned it another way. */
function withTurn(
  story: RunStory,
  event: Of<'retry' | 'hedged' | 'hedge-lost' | 'waiting' | 'resumed' | 'restarted'>
): RunStory {
  switch (event.type) {
    case 'retry':
      return noted(story, event, `not taken: ${event.error.message}`, event.error.code)
    case 'hedged':
      return noted(story, event, `late: ${event.worker.name} is asked as well`)
    case 'hedge-lost':
      return noted(story, event, `${event.worker.name} is told to stop`, event.error?.code)
    case 'waiting':
      return noted(story, event, `no contact with ${event.worker.name}`, event.error.code)
    case 'resumed':
      return noted(story, event, `${event.worker.name} is back`)
    case 'restarted': {
      const { worker = story.worker } = event
      const anew = { ...story, outputs: [], tools: [] }
      const moved =
        worker === undefined
          ? anew
          : { ...anew, worker: { agent: '', path: '', ...story.worker, ...worker } }
      return noted(moved, event, `begun anew at ${worker?.name ?? 'its worker'}`)
    }
    default:
      return story
  }
}

function withResult(story: RunStory, event: Of<'result'>): RunStory {
  const { question: _, ...rest } = story
  const { task, tookMs, firstEventMs, error, usage } = event
  return {
    ...rest,
    taskId: task.id,
    state: task.state,
    // What was told piece by piece is what the result holds; of a story read late there is only this.
    outputs: task.artifacts.map(({ artifactId: id, name, parts }) => ({
      id,
      ...(name !== undefined && { name }),
      parts: joined(parts)
    })),
    tookMs,
    ...(firstEventMs !== null && { firstEventMs }),
    ...(error && { error }),
    ...(usage && { usage })
  }
}

function withArtifact(
  outputs: readonly Output[],
  { artifact, append }: Of<'artifact'>
): readonly Output[] {
  const { artifactId: id, name, parts } = artifact
  const before = outputs.find((output) => output.id === id)
  const now = {
    id,
    ...((name ?? before?.name) !== undefined && { name: name ?? before?.name ?? '' }),
    parts: joined(append && before !== undefined ? [...before.parts, ...parts] : parts)
  }
  return before === undefined
    ? [...outputs, now]
    : outputs.map((output) => (output === before ? now : output))
}

/** Pieces of a text that stand behind each other are one text. */
function joined(parts: readonly Part[]): readonly Part[] {
  const all: Part[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (isPlain(part) && last !== undefined && isPlain(last)) {
      all[all.length - 1] = { ...last, text: last.text + part.text }
    } else all.push(part)
  }
  return all
}

function isPlain(part: Part): part is Part & { readonly text: string } {
  return part.text !== undefined && part.filename === undefined && part.metadata === undefined
}

function withStep(tools: readonly ToolUse[], step: AgentStep): readonly ToolUse[] {
  if (step.kind === 'tool-start') {
    const { callId, tool, input } = step
    const begun = { callId, tool, text: '', ...(input !== undefined && { input }) }
    return [...tools, begun].slice(-MOST_TOOLS)
  }
  if (step.kind !== 'tool-end' && step.kind !== 'tool-text') return tools
  return tools.map((use) => {
    if (use.callId !== step.callId) return use
    if (step.kind === 'tool-text') return { ...use, text: use.text + step.text }
    const { tookMs, output, error, node } = step
    return {
      ...use,
      tookMs,
      ...(output !== undefined && { output }),
      ...(error && { error }),
      ...(node !== undefined && { node })
    }
  })
}

function noted(
  story: RunStory,
  { atMs }: { readonly atMs: number },
  ...[text, code]: readonly [text: string, code?: string | undefined]
): RunStory {
  const note = { atMs, text, ...(code !== undefined && { code }) }
  return { ...story, notes: [...story.notes, note].slice(-MOST_NOTES) }
}
