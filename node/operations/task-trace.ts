/** Where the time of a task went, on request of a person. */
import type { TaskTrace } from '../../client/trace-api.ts'
import { rootChain } from '../../core/chain.ts'
import type { Assembly } from '../assembly.ts'
import { traceView } from '../tracing/trace-view.ts'

/** @throws TASK_NOT_FOUND */
export async function traceTask(
  { work, traces, components }: Pick<Assembly, 'work' | 'traces' | 'components'>,
  id: string
): Promise<TaskTrace> {
  const { caller, worker, chain = rootChain(id) } = await work.ledger.find(id)
  const { trace } = chain
  const told = await traces.own({ trace, task: id, caller: caller.id, worker: worker?.id })
  return traceView(told, { task: id, trace, now: components.clock.now() })
}
