/** A waterfall of what a task told of itself, for nodes that keep no traces, and tasks older than the traces kept. */
import type { RunEvent, TaskList, TaskView } from '../../client/api.ts'
import type { TraceSpan } from '../../client/trace-api.ts'
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { AgentStep } from '../../core/agent-step.ts'

type Node = TraceSpan['node']

export interface ToldTask {
  readonly task: Pick<TaskView, 'id' | 'agent' | 'state' | 'createdAt' | 'tookMs' | 'caller'>
  readonly events: readonly RunEvent[]
  /** Tasks that came of it, as far as this node knows them. */
  readonly children: readonly Pick<
    TaskList['tasks'][number],
    'id' | 'agent' | 'state' | 'createdAt' | 'tookMs' | 'worker'
  >[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface ToldTrace {
  readonly spans: readonly TraceSpan[]
  readonly tookMs: number
}

interface Told {
  readonly name: string
  readonly subject?: string
  readonly node: Node
  readonly from: number
  to: number | null
  error?: string
}

/** Times are those of the node that asked: what its events say, and when it made the tasks that came of it. */
export function traceOfTold({ task, events, children, now }: ToldTask): ToldTrace {
  const began = Date.parse(task.createdAt)
  const last = events.reduce((latest, event) => Math.max(latest, momentOf(event) ?? 0), 0)
  const tookMs = Math.max(
    task.tookMs ?? (TERMINAL_STATES.has(task.state) ? last : now - began),
    last
  )
  const parts: Told[] = [
    ...partsOf(task, events),
    ...children.map((child) => ({
      name: 'task',
      subject: child.agent,
      node: child.worker,
      from: Date.parse(child.createdAt) - began,
      to: child.tookMs === null ? null : Date.parse(child.createdAt) - began + child.tookMs,
      ...(child.state === 'TASK_STATE_FAILED' && { error: 'failed' })
    }))
  ].toSorted((one, other) => one.from - other.from)
  const error = events.findLast(({ type }) => type === 'result')
  const root = {
    name: 'task',
    subject: task.agent,
    node: task.caller,
    from: 0,
    to: TERMINAL_STATES.has(task.state) ? tookMs : null,
    ...(error?.type === 'result' && error.error && { error: error.error.code })
  }
  const spans = [spanOf(root, 0, 0), ...parts.map((part, place) => spanOf(part, 1, place + 1))]
  return { spans, tookMs }
}

function spanOf(
  { name, subject = '', node, from, to, error = '' }: Told,
  depth: number,
  id: number
) {
  return {
    id: String(id),
    parent: depth === 0 ? '' : '0',
    depth,
    name,
    subject,
    node,
    startMs: from,
    tookMs: to === null ? null : Math.max(0, to - from),
    attributes: {},
    events: [],
    error
  } satisfies TraceSpan
}

/** What the events say between which moments. */
function partsOf({ caller }: ToldTask['task'], events: readonly RunEvent[]): readonly Told[] {
  const story = new Story(caller)
  for (const event of events) {
    story.moment = momentOf(event) ?? story.moment
    tell(story, event)
  }
  return story.parts
}

class Story {
  readonly parts: Told[] = []
  moment = 0
  /** Who has the task. */
  worker: Node
  readonly #open = new Map<string, Told>()

  constructor(caller: Node) {
    this.worker = caller
  }

  begin(key: string, name: string, { subject = '', node = this.worker }: Partial<Told> = {}): void {
    const part: Told = { name, subject, node, from: this.moment, to: null }
    this.parts.push(part)
    this.#open.set(key, part)
  }

  end(key: string, error?: string): void {
    const part = this.#open.get(key)
    if (part === undefined) return
    part.to = this.moment
    if (error !== undefined) part.error = error
    this.#open.delete(key)
  }

  endAll(error?: string): void {
    for (const key of this.#open.keys()) this.end(key, key === 'run' ? error : undefined)
  }
}

function tell(story: Story, event: RunEvent): void {
  switch (event.type) {
    case 'routed':
      story.worker = event.worker
      return story.begin('accept', 'accept', { subject: event.agent })
    case 'accepted':
      story.end('accept')
      return story.begin('run', 'run')
    case 'retry':
      return story.endAll(event.error.code)
    case 'status':
      return tellStep(story, event.step)
    case 'hedged':
      return story.begin('hedge', 'hedge', { subject: event.agent, node: event.worker })
    case 'hedge-lost':
      return story.end('hedge', event.error?.code)
    case 'waiting':
      return story.begin('away', 'away', { node: event.worker })
    case 'resumed':
      return story.end('away')
    case 'restarted':
      story.endAll('restarted')
      story.worker = event.worker ?? story.worker
      return story.begin('run', 'run')
    case 'input-required':
      return story.begin('question', 'question')
    case 'answered':
      return story.end('question')
    case 'result':
      return story.endAll(event.error?.code)
    case 'artifact':
      return
  }
}

function tellStep(story: Story, step: AgentStep | undefined): void {
  if (step?.kind === 'tool-start') story.begin(step.callId, 'tool', { subject: step.tool })
  if (step?.kind === 'tool-end') story.end(step.callId, step.error?.code)
}

/** Milliseconds since the task was asked for. */
function momentOf(event: RunEvent): number | undefined {
  if (event.type === 'result') return event.tookMs
  return 'atMs' in event ? event.atMs : undefined
}
