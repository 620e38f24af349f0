/** Push notifications of the tasks that callers over HTTP have: read from what this node keeps of each. */
import type {
  PushConfigOperations,
  ListPushNotificationConfigsResponse,
  SendMessageRequest,
  TaskPushNotificationConfig
} from '../../core/a2a-operations.ts'
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import type { DelegationEvent } from '../caller/delegation-events.ts'
import type { Delegations } from '../caller/delegations.ts'
import { keyText } from '../worker/memory-task-store.ts'
import type { PushedEvent, PushedTasks } from '../push/notification.ts'
import type { PushNotifications, PushOptions } from '../push/notifications.ts'
import type { TaskKey } from '../worker/task-store.ts'
import { EdgeStory, isEdgeView, taskOf } from './story.ts'
import type { EdgeView } from './story.ts'

/** Started after the delegations, and stopped before them. */
export interface EdgePush extends Component {
  /**
   * What `place` resolves to, once the config that the request may have is kept, too. What speaks
   * against that is thrown before.
   *
   * @throws INVALID_REQUEST, PUSH_NOT_SUPPORTED, PUSH_TARGET_FORBIDDEN, PUSH_CONFIG_LIMIT
   */
  placed(
    request: SendMessageRequest,
    options: EdgeCaller,
    place: () => Promise<EdgeView>
  ): Promise<EdgeView>
  /** Resolves when it is on disk. */
  create(
    view: EdgeView,
    config: TaskPushNotificationConfig,
    options?: PushOptions
  ): Promise<TaskPushNotificationConfig>
  /** @throws PUSH_CONFIG_NOT_FOUND */
  get(view: EdgeView, id: string): Promise<TaskPushNotificationConfig>
  list(view: EdgeView): Promise<ListPushNotificationConfigsResponse>
  remove(view: EdgeView, id: string): Promise<void>
}

interface EdgeCaller extends Pick<PushOptions, 'dialect'> {
  readonly owner: string
}

export interface EdgePushComponents {
  readonly delegations: Pick<Delegations, 'find' | 'watch'>
  /** Absent on a node that sends none. */
  readonly push: PushNotifications | undefined
}

export function createEdgePush(components: EdgePushComponents): EdgePush {
  return new Pushes(components)
}

/** The four operations of A2A. `find` throws for a task that is not the one's who asks. */
export function pushConfigOperations<O extends PushOptions>(
  push: EdgePush,
  find: (task: TaskName, options: O) => Promise<EdgeView>
): PushConfigOperations<O> {
  return {
    createTaskPushNotificationConfig: async (config, options) => {
      const { taskId: id = '', tenant } = config
      const { dialect } = options
      return push.create(await find({ id, tenant }, options), config, { dialect })
    },
    getTaskPushNotificationConfig: async ({ taskId, id, tenant }, options) =>
      push.get(await find({ id: taskId, tenant }, options), id),
    listTaskPushNotificationConfigs: async ({ taskId: id, tenant }, options) =>
      push.list(await find({ id, tenant }, options)),
    deleteTaskPushNotificationConfig: async ({ taskId, id, tenant }, options) =>
      push.remove(await find({ id: taskId, tenant }, options), id)
  }
}

interface TaskName {
  readonly id: string
  readonly tenant: string | undefined
}

class Pushes implements EdgePush {
  readonly #delegations: EdgePushComponents['delegations']
  readonly #push: PushNotifications | undefined
  /** By task; each is at an end when its task is. There are no more than tasks with configs. */
  readonly #followed = new Map<string, Promise<void>>()
  #leaving = new AbortController()

  constructor({ delegations, push }: EdgePushComponents) {
    this.#delegations = delegations
    this.#push = push
    push?.serve(createPushedTasks(delegations))
  }

  async start(): Promise<void> {
    this.#leaving = new AbortController()
    await this.#push?.start()
    for (const key of this.#push?.tasks() ?? []) this.#follow(key)
  }

  async stop(): Promise<void> {
    this.#leaving.abort()
    await Promise.all(this.#followed.values())
    await this.#push?.stop()
  }

  async placed(
    { message, configuration }: SendMessageRequest,
    { owner, dialect }: EdgeCaller,
    place: () => Promise<EdgeView>
  ): Promise<EdgeView> {
    const config = configuration?.taskPushNotificationConfig
    if (config === undefined) return place()
    // Of a new task, there is no name yet.
    const { taskId: id = '' } = message
    this.#use().check(config, { caller: owner, id })
    const view = await place()
    await this.create(view, config, { whole: id === '', dialect })
    return view
  }

  async create(
    view: EdgeView,
    config: TaskPushNotificationConfig,
    options?: PushOptions
  ): Promise<TaskPushNotificationConfig> {
    const key = keyOf(view)
    const stand = options?.whole === true ? undefined : await this.#standOf(view)
    const task = { key, tenant: view.edge.agent, stand }
    const created = await this.#use().create(task, config, options)
    this.#follow(key)
    return created
  }

  async get(view: EdgeView, id: string): Promise<TaskPushNotificationConfig> {
    return this.#use().get(keyOf(view), id)
  }

  async list(view: EdgeView): Promise<ListPushNotificationConfigsResponse> {
    return this.#use().list(keyOf(view))
  }

  async remove(view: EdgeView, id: string): Promise<void> {
    await this.#use().remove(keyOf(view), id)
  }

  #use(): PushNotifications {
    if (this.#push === undefined) throw new LumosError('PUSH_NOT_SUPPORTED')
    return this.#push
  }

  /** Where the task is, or just before the state that it rests in. */
  async #standOf(view: EdgeView) {
    const rests = TERMINAL_STATES.has(view.state) || view.question !== undefined
    let before: PushedEvent | undefined
    let last: PushedEvent | undefined
    for await (const event of eventsOf(this.#delegations, view)) {
      before = last
      last = event
    }
    const at = rests ? before : last
    return at && { attempt: at.attempt, seq: at.seq }
  }

  #follow(key: TaskKey): void {
    const name = keyText(key)
    if (this.#followed.has(name) || this.#leaving.signal.aborted) return
    const following = this.#tell(key).finally(() => this.#followed.delete(name))
    this.#followed.set(name, following)
  }

  /** As long as the task goes on. */
  async #tell(key: TaskKey): Promise<void> {
    const { signal } = this.#leaving
    try {
      for await (const event of this.#delegations.watch(key.id, { signal })) {
        if (isTold(event)) this.#push?.stir(key)
      }
    } catch {
      // No worker took it, or it is forgotten: whoever carries its notifications looks what is left to tell.
    }
    this.#push?.stir(key)
  }
}

/** What may be worth a notification; push-notification.ts decides. */
function isTold(event: DelegationEvent): boolean {
  if (event.type === 'artifact') return event.lastChunk
  return TOLD.has(event.type)
}

const TOLD: ReadonlySet<DelegationEvent['type']> = new Set([
  'accepted',
  'answered',
  'input-required',
  'restarted',
  'result',
  'status'
])

function keyOf({ id, edge }: EdgeView): TaskKey {
  return { id, caller: edge.owner }
}

type Told = Pick<Delegations, 'watch'>

/** Under keys whose `caller` is the owner: another's task is not there. */
export function createPushedTasks(delegations: EdgePushComponents['delegations']): PushedTasks {
  async function find({ id, caller }: TaskKey): Promise<EdgeView | undefined> {
    const view = await delegations.find(id)
    return view !== undefined && isEdgeView(view) && view.edge.owner === caller ? view : undefined
  }

  return {
    find,
    async *events(key, from = 0) {
      const view = await find(key)
      if (view === undefined) return
      for await (const event of eventsOf(delegations, view)) {
        if (event.seq >= from) yield event
      }
    }
  }
}

/** Of the present attempt, with the places that streams over HTTP have; the Task is number 0. */
async function* eventsOf(delegations: Told, view: EdgeView): AsyncIterable<PushedEvent> {
  let attempts = 1
  for await (const event of kept(delegations, view)) if (event.type === 'restarted') attempts += 1
  const story = new EdgeStory(view)
  let begun = false
  let ended = false
  for await (const event of kept(delegations, view)) {
    const begins: boolean = !begun && event.type === 'accepted'
    begun ||= begins
    const update = begins ? { task: story.snapshot() } : story.take(event)
    ended = event.type === 'result'
    if (update !== undefined && story.place.attempt >= attempts) yield { ...story.place, update }
  }
  // Without a worker there is no last event, but an end.
  if (ended || !TERMINAL_STATES.has(view.state)) return
  const { attempt, seq } = story.place
  yield { attempt, seq: seq + 1, update: { task: taskOf(view, {}) } }
}

/** What there is now; that no worker took the task shows in its view. */
async function* kept(delegations: Told, { id, state }: EdgeView): AsyncIterable<DelegationEvent> {
  try {
    yield* delegations.watch(id, { follow: false })
  } catch (error) {
    if (!TERMINAL_STATES.has(state)) throw error
  }
}
