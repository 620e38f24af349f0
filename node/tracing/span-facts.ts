/** What the attributes of spans mean to those who read them: whose a span is, and what it is about. */
import type { PeerIdText } from '../../core/ids.ts'
import type { SpanValue } from '../../core/trace.ts'
import type { KeptSpan } from './span-ring.ts'

/** Whether the span is of a task that `caller` asked for: as its worker, or at the node itself as its asker. */
export function isOfTask(
  { attributes: { task, caller: by } }: Pick<KeptSpan, 'attributes'>,
  { caller, self }: { readonly caller: PeerIdText; readonly self: PeerIdText }
): boolean {
  return task !== undefined && (by === caller || (by === undefined && caller === self))
}

/** Whom a task was given to. */
export function workerOf({
  name,
  attributes: { worker }
}: Pick<KeptSpan, 'name' | 'attributes'>): PeerIdText | undefined {
  return name === 'attempt' && typeof worker === 'string' ? worker : undefined
}

/** The attribute that says in a word what a span is about, by its name. */
const SUBJECTS: Readonly<Record<string, string>> = {
  task: 'target',
  route: 'chosen',
  attempt: 'peer',
  accept: 'agent',
  queue: 'agent',
  run: 'agent',
  tool: 'tool',
  model: 'model',
  memory: 'operation'
}

export function subjectOf(name: string, attributes: Readonly<Record<string, SpanValue>>): string {
  const value = attributes[SUBJECTS[name] ?? '']
  return value === undefined ? '' : String(value)
}
