/** Tells somebody how the tasks stand that this node asked for, as soon as it is kept. */
import type { TaskState } from '../../core/a2a.ts'
import type { EdgeMark } from '../edge/orders.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { OutboxRecord, OutboxStore } from './outbox-store.ts'

export interface OwnTaskNews {
  readonly id: string
  /** There when somebody outside the swarm asked. */
  readonly edge?: EdgeMark
  /** What was asked for, as it was named. */
  readonly agent: string
  readonly contextId: string
  readonly state: TaskState
}

/** The same store. `onChange` is called when the state of a task is another than before, in the order of the changes. */
export function watchOutboxStore(
  store: OutboxStore,
  onChange: (news: OwnTaskNews) => void
): OutboxStore {
  /** Those that go on. */
  const known = new Map<string, { readonly about: About; state: TaskState | undefined }>()

  function changed(id: string, state: TaskState | undefined): void {
    const task = known.get(id)
    if (task === undefined || state === undefined || task.state === state) return
    task.state = state
    onChange({ id, ...task.about, state })
  }

  return {
    async add(record) {
      const { taskId } = record.order
      known.set(taskId, { about: aboutOf(record), state: undefined })
      try {
        await store.add(record)
      } catch (error) {
        known.delete(taskId)
        throw error
      }
      changed(taskId, 'TASK_STATE_SUBMITTED')
    },
    async tell(id, events, sync) {
      await store.tell(id, events, sync)
      for (const { event } of events) changed(id, stateIn(event))
    },
    async end(id, end, options) {
      await store.end(id, end, options)
      changed(id, end.state)
      known.delete(id)
    },
    async open() {
      const orders = await store.open()
      for (const { record } of orders) {
        known.set(record.order.taskId, { about: aboutOf(record), state: undefined })
      }
      return orders
    },
    cancel: (id) => store.cancel(id),
    recalls: () => store.recalls(),
    settle: (recall) => store.settle(recall),
    remove: (id) => store.remove(id),
    findEnded: (id) => store.findEnded(id),
    findKey: (key) => store.findKey(key),
    keys: () => store.keys(),
    events: (id, from) => store.events(id, from),
    lastEvent: (id) => store.lastEvent(id),
    listEnded: (query) => store.listEnded(query),
    endedOf: (owner) => store.endedOf(owner),
    collect: (horizon) => store.collect(horizon)
  }
}

type About = Omit<OwnTaskNews, 'id' | 'state'>

function aboutOf({ order: { target, message }, edge }: OutboxRecord): About {
  const agent = target.replace(/^@/, '')
  return { agent, contextId: message.contextId ?? '', ...(edge && { edge }) }
}

/** `undefined` for what is no state of a task. */
function stateIn(event: DelegationEvent): TaskState | undefined {
  if (event.type === 'status') return event.state
  if (event.type === 'answered') return 'TASK_STATE_SUBMITTED'
  if (event.type !== 'input-required') return undefined
  return event.auth ? 'TASK_STATE_AUTH_REQUIRED' : 'TASK_STATE_INPUT_REQUIRED'
}
