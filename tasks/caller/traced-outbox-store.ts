/** A span for each task that this node asks for: from its order to its end, whoever works on it and however often it is tried. */
import { tellRequestOf } from '../../core/request-trace.ts'
import type { Span, Tracer } from '../../core/trace.ts'
import { spanOfTask } from '../../core/trace.ts'
import { fromWireError } from '../../core/errors.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { OutboxRecord, OutboxStore } from './outbox-store.ts'

/** What happens to a task besides what its worker says. */
const MOMENTS: ReadonlySet<DelegationEvent['type']> = new Set<DelegationEvent['type']>([
  'accepted',
  'input-required',
  'answered',
  'retry',
  'hedged',
  'hedge-lost',
  'waiting',
  'resumed',
  'restarted'
])

/** Ids of agents, skills and nodes; a question in words is what its asker said. */
const NAME = /^[@\w.-]+$/

/** The same store. */
export function traceOutboxStore(store: OutboxStore, tracer: Tracer): OutboxStore {
  if (!tracer.on) return store
  /** Of those that go on. */
  const open = new Map<string, Span>()

  function close(id: string): void {
    open.get(id)?.end()
    open.delete(id)
  }

  return {
    ...store,
    async add(record) {
      const { taskId } = record.order
      const span = start(tracer, record)
      open.set(taskId, span)
      try {
        await store.add(record)
      } catch (error) {
        span.fail(error)
        close(taskId)
        throw error
      }
    },
    tell(id, events, sync) {
      const span = open.get(id)
      if (span !== undefined) {
        for (const { event } of events) if (MOMENTS.has(event.type)) span.event(event.type)
      }
      return store.tell(id, events, sync)
    },
    async end(id, end, options) {
      const span = open.get(id)
      if (end.worker !== undefined) span?.set('worker', end.worker.name)
      if (end.error !== undefined) span?.fail(fromWireError(end.error))
      try {
        await store.end(id, end, options)
      } finally {
        close(id)
      }
    }
  }
}

function start(tracer: Tracer, { order: { taskId, target, chain }, parent }: OutboxRecord): Span {
  const above = chain ?? { trace: taskId.replaceAll('-', '') }
  const span = tracer.start('task', above, spanOfTask(taskId))
  tellRequestOf(above, taskId)
  span.set('task', taskId)
  if (NAME.test(target)) span.set('target', target)
  if (parent !== undefined) span.set('parent', parent)
  if (chain !== undefined && chain.priority !== 'normal') span.set('priority', chain.priority)
  return span
}
