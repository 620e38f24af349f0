/** The control API for one who comes in over HTTP: with its own tasks alone, and noted under its name. */
import type { TaskDocument } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import type { EdgeMark } from '../../tasks/edge/orders.ts'
import { outward } from '../../tasks/edge/scope.ts'
import type { AuditLog } from '../../trust/audit-log.ts'
import type { Work } from '../work.ts'
import { askedWithinReach, withinReach } from './reach.ts'
import { answerTask, listTasks, removeTask, runTask, showTask, watchTask } from './tasks.ts'

export interface EdgeCaller {
  /** Name in the audit log. */
  readonly who: string
  /** There for the user of this machine, who sees all tasks. */
  readonly local?: true
  /** Whose its tasks are. */
  readonly owner: string
}

export interface EdgeOperationsComponents {
  readonly work: Work
  readonly audit: Pick<AuditLog, 'note'>
  /** What the user of this machine can do. */
  readonly control: ControlOperations
}

/** Another's task and one that is not there look the same. */
export function edgeOperations(
  { work, audit, control }: EdgeOperationsComponents,
  { who, owner, local }: EdgeCaller
): ControlOperations {
  const parts = { work }
  const noted: ControlOperations['audit'] = {
    ...control.audit,
    note: (deed) => audit.note({ who, ...deed })
  }
  if (local !== undefined) return { ...control, audit: noted }

  async function markOf(id: string): Promise<EdgeMark> {
    const edge = (await work.delegations.find(id))?.edge
    if (edge?.owner !== owner) throw new LumosError('TASK_NOT_FOUND')
    return edge
  }

  async function show(id: string): Promise<TaskDocument> {
    return outside(await showTask(parts, id), await markOf(id))
  }

  return {
    ...control,
    ...withinReach(control, work.tenants, owner),
    run: (request, signal) =>
      runTask(parts, askedWithinReach(request, work.tenants, owner), { signal, owner }),
    tasks: (filter) => listTasks(parts, { ...filter, owner }),
    async task(id) {
      await markOf(id)
      return show(id)
    },
    async cancelTask(id) {
      await markOf(id)
      await work.delegations.cancel(id)
      return show(id)
    },
    async answerTask(id, request) {
      await markOf(id)
      await answerTask(parts, id, request)
      return show(id)
    },
    async removeTask(id) {
      const edge = await markOf(id)
      return outside(await removeTask(parts, id), edge)
    },
    async *taskEvents(id, signal, follow) {
      await markOf(id)
      yield* watchTask(parts, id, { signal, follow })
    },
    async taskTrace(id) {
      await markOf(id)
      return control.taskTrace(id)
    },
    watch: (topics, options) => control.watch(topics, { ...options, owner }),
    audit: noted
  }
}

/** With the names that its owner gave it. */
function outside({ task, ...rest }: TaskDocument, edge: EdgeMark): TaskDocument {
  const history = task.history.map((message) => outward(message, edge))
  return { ...rest, task: { ...task, contextId: edge.contextId, history } }
}
