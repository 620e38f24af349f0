/** Push notifications of one task to made-up receivers, on a disk that can fail, under a clock moved by hand. */
import type { TaskPushNotificationConfig } from '../../core/a2a-operations.ts'
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { StreamResponse, TaskState } from '../../core/a2a.ts'
import type { JsonObject } from '../../core/json.ts'
import type { LogFields, Logger } from '../../core/logger.ts'
import { positionOf, stamp } from '../../protocols/a2a/extensions.ts'
import { createBatches } from '../../storage/batches.ts'
import { createGroupCommit } from '../../storage/group-commit.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import type { MemoryStore } from '../../storage/memory-store.ts'
import { openJournalTaskStore } from '../../tasks/worker/journal-task-store.ts'
import { openPushConfigs } from '../../tasks/push/configs.ts'
import type { PushReceipt, PushRequest, PushSender } from '../../tasks/push/delivery.ts'
import { createPushNotifications, pushedTaskOf } from '../../tasks/push/notifications.ts'
import type { PushNotifications } from '../../tasks/push/notifications.ts'
import { createWebTargets } from '../../core/web-targets.ts'
import type { Durability, TaskRecord, TaskStore } from '../../tasks/worker/task-store.ts'
import { createTaskView } from '../../tasks/worker/task-view.ts'
import type { TaskView } from '../../tasks/worker/task-view.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

export const HOOK = 'https://hooks.example.org/a?secret=path'
export const OTHER_HOOK = 'https://other.example.org/b'

/** What came to a receiver, and when. */
export interface Taken {
  readonly at: number
  readonly request: PushRequest
}

export type Answer = (
  request: PushRequest,
  signal: AbortSignal
) => PushReceipt | Promise<PushReceipt>

export const accepts: Answer = () => ({ kind: 'delivered' })

/** Answers only when it is given up on. */
export const hangs: Answer = (_, signal) =>
  new Promise((resolve) => {
    const late = { kind: 'failed', reason: 'no answer in time' } as const
    signal.addEventListener('abort', () => resolve(late), { once: true })
  })

export function fails(more: { readonly retryAfterMs?: number } = {}): Answer {
  return () => ({ kind: 'failed', reason: 'status 500', ...more })
}

/** The receivers of all URLs; what each answers can be changed at any time. */
export class Receivers {
  readonly taken: Taken[] = []
  readonly answers = new Map<string, Answer>()
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  readonly sender: PushSender = async (request, signal) => {
    this.taken.push({ at: this.#clock.now(), request })
    return (this.answers.get(request.url) ?? accepts)(request, signal)
  }

  /** What `url` was told, as `<attempt>.<seq> <what>`. */
  told(url = HOOK): string[] {
    return this.taken
      .filter(({ request }) => request.url === url)
      .map(({ request }) => summaryOf(JSON.parse(request.body) as StreamResponse))
  }
}

function summaryOf(update: StreamResponse): string {
  const { attempt, seq } = positionOf(update) ?? { attempt: 0, seq: 0 }
  const { task, statusUpdate, artifactUpdate } = update
  const state = (task ?? statusUpdate)?.status.state.replace('TASK_STATE_', '').toLowerCase()
  const text = artifactUpdate?.artifact.parts[0]?.text
  return `${attempt}.${seq} ${task ? 'task ' : ''}${state ?? text ?? 'nothing'}`
}

const PEER = '12D3KooWCaller'

export function taskRecord(number = 1, caller = PEER): TaskRecord {
  return {
    id: `01890a5d-ac96-774b-bcce-${String(number).padStart(12, '0')}`,
    caller,
    agentId: 'echo',
    contextId: 'context',
    message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] },
    payloadHash: 'hash',
    createdAt: 0,
    deadlineAt: 1_000_000_000
  }
}

/** One process of a node, which writes the events of tasks as its engine would. */
export class PushWorld {
  readonly clock: ManualClock
  readonly receivers: Receivers
  readonly logged: { readonly message: string; readonly fields: LogFields | undefined }[] = []
  readonly #parts: { readonly disk: MemoryStore; readonly tasks: TaskStore }
  readonly push: PushNotifications

  private constructor(
    { clock, receivers }: { readonly clock: ManualClock; readonly receivers: Receivers },
    parts: {
      readonly disk: MemoryStore
      readonly tasks: TaskStore
      readonly batches: ReturnType<typeof createBatches>
    }
  ) {
    this.clock = clock
    this.receivers = receivers
    const { disk, tasks, batches } = parts
    this.push = createPushNotifications({
      clock,
      random: seededRandom(7),
      logger: this.#logger(),
      targets: createWebTargets(),
      sender: receivers.sender,
      sign: async ({ id, audience }) => `signed ${id} for ${audience}`,
      openConfigs: () => openPushConfigs({ store: disk, batches, root: 'push' })
    })
    this.#parts = { disk, tasks: this.push.watch(tasks) }
  }

  static async start(
    disk: MemoryStore = createMemoryStore(),
    before?: Pick<PushWorld, 'clock' | 'receivers'>
  ): Promise<PushWorld> {
    const clock = before?.clock ?? new ManualClock()
    const receivers = before?.receivers ?? new Receivers(clock)
    const commit = createGroupCommit({ store: disk })
    const batches = createBatches({
      append: async (_, { sync, operations = [] }) => {
        await commit.append(operations, { sync })
        return 0
      }
    })
    const tasks = await openJournalTaskStore({ clock, store: disk, batches })
    const world = new PushWorld({ clock, receivers }, { disk, tasks, batches })
    await world.push.start()
    return world
  }

  /** The process is killed and the machine loses its power; the next one goes on with what is left. */
  async crash(seed: number): Promise<PushWorld> {
    const next = this.#parts.disk.crash(seededRandom(seed))
    await this.push.stop()
    return PushWorld.start(next, this)
  }

  get disk(): MemoryStore {
    return this.#parts.disk
  }

  get tasks(): TaskStore {
    return this.#parts.tasks
  }

  async accept(record: TaskRecord, attempt = 1, metadata: JsonObject = {}): Promise<void> {
    const { id, contextId } = record
    const task = { id, contextId, status: { state: 'TASK_STATE_SUBMITTED' as const } }
    const update = { task: { ...task, metadata: { ...metadata, ...stamp({ attempt, seq: 0 }) } } }
    const event = { attempt, seq: 0, at: this.clock.now(), update }
    if (attempt === 1) await this.tasks.accept(record, event)
    else await this.tasks.append(record, event, 'flushed')
  }

  async status(
    record: TaskRecord,
    state: TaskState,
    { text, metadata = {} }: { readonly text?: string; readonly metadata?: JsonObject } = {}
  ): Promise<void> {
    const { id: taskId, contextId } = record
    const message = text === undefined ? {} : { message: { ...record.message, parts: [{ text }] } }
    const status = { state, ...message }
    await this.#append(
      record,
      (position) => ({
        statusUpdate: { taskId, contextId, status, metadata: { ...metadata, ...position } }
      }),
      TERMINAL_STATES.has(state) ? 'flushed' : 'written'
    )
  }

  async text(record: TaskRecord, text: string, piece: 'first' | 'next' | 'last'): Promise<void> {
    const { id: taskId, contextId } = record
    const artifact = { artifactId: 'result', parts: [{ text }] }
    await this.#append(record, (metadata) => ({
      artifactUpdate: {
        taskId,
        contextId,
        artifact,
        ...(piece !== 'first' && { append: true }),
        ...(piece === 'last' && { lastChunk: true }),
        metadata
      }
    }))
  }

  /** All that a short task says. */
  async runAll(record: TaskRecord): Promise<void> {
    await this.accept(record)
    await this.status(record, 'TASK_STATE_WORKING')
    await this.text(record, 'one ', 'first')
    await this.text(record, 'two', 'last')
    await this.status(record, 'TASK_STATE_COMPLETED')
  }

  async view(record: TaskRecord): Promise<TaskView> {
    const view = createTaskView(record)
    for await (const event of this.tasks.events(record)) view.add(event)
    return view
  }

  async subscribe(
    record: TaskRecord,
    config: Partial<TaskPushNotificationConfig> = {},
    whole = false
  ): Promise<TaskPushNotificationConfig> {
    return this.push.create(
      pushedTaskOf(await this.view(record)),
      { url: HOOK, ...config },
      { whole }
    )
  }

  async #append(
    record: TaskRecord,
    make: (metadata: ReturnType<typeof stamp>) => StreamResponse,
    durability: Durability = 'written'
  ): Promise<void> {
    const last = (await Array.fromAsync(this.tasks.events(record))).at(-1)
    const position = { attempt: last?.attempt ?? 1, seq: (last?.seq ?? -1) + 1 }
    const event = { ...position, at: this.clock.now(), update: make(stamp(position)) }
    // As the engine does: of a task that ends, the end is on disk before anybody hears of it.
    await this.tasks.append(record, event, durability)
  }

  #logger(): Logger {
    const log = (message: string, fields?: LogFields): void =>
      void this.logged.push({ message, fields })
    return { debug: log, info: log, warn: log, error: log, child: () => this.#logger() }
  }
}

export const WHOLE_TASK = ['1.0 task submitted', '1.1 working', '1.3 one two', '1.4 completed']

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
