/** A span for each task that comes to this node: from its arrival until it is accepted, or refused. */
import type { TraceContext, Tracer } from '../../core/trace.ts'
import { within } from '../../core/trace.ts'
import { isUuid } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { traceOfRequest } from '../../protocols/a2a/chain.ts'
import type { TaskEngine } from './engine.ts'

/** The same engine, as far as whoever serves tasks needs it. */
export type ServedEngine = Pick<TaskEngine, 'submit' | 'answer' | 'open' | 'cancel' | 'list'>

export function traceEngine(engine: TaskEngine, tracer: Tracer): ServedEngine {
  if (!tracer.on) return engine
  return {
    submit(caller, submission) {
      const { taskId, agentId, metadata } = submission
      const above = contextOf(metadata, taskId)
      if (above === undefined) return engine.submit(caller, submission)
      const span = tracer.start('accept', above)
      span.set('task', taskId ?? '')
      span.set('caller', caller)
      span.set('agent', agentId)
      return within(span, engine.submit(caller, submission))
    },
    answer: (key, message) => engine.answer(key, message),
    open: (key) => engine.open(key),
    cancel: (key) => engine.cancel(key),
    list: (query) => engine.list(query)
  }
}

/** `undefined` for a task of which nothing is known before it is accepted. */
function contextOf(
  metadata: JsonObject | undefined,
  taskId: string | undefined
): TraceContext | undefined {
  const told = traceOfRequest(metadata)
  if (told !== undefined || taskId === undefined || !isUuid(taskId)) return told
  return { trace: taskId.replaceAll('-', '').toLowerCase() }
}
