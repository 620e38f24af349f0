/** Where the task simulation lets a bug be planted: around a real part, which stays as it is. */
import type { RouteProvider } from '../../../routing/directory-port.ts'
import type { Batches } from '../../../storage/batches.ts'
import type { Dispatcher } from '../../../tasks/caller/dispatcher.ts'
import type { AgentTraits } from '../../../tasks/worker/execution.ts'
import type { OutboxStore } from '../../../tasks/caller/outbox-store.ts'
import type { TaskService } from '../../../tasks/worker/service.ts'
import type { TaskStore } from '../../../tasks/worker/task-store.ts'

export interface Mutation {
  readonly batches?: (batches: Batches) => Batches
  readonly store?: (store: TaskStore) => TaskStore
  readonly outbox?: (outbox: OutboxStore) => OutboxStore
  readonly service?: (service: TaskService) => TaskService
  readonly traits?: (traits: AgentTraits) => AgentTraits
  readonly dispatcher?: (dispatcher: Dispatcher) => Dispatcher
  readonly provider?: (provider: RouteProvider) => RouteProvider
}
