/** Push notifications of this node's tasks: takes the configs of callers and has them served. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type {
  ListPushNotificationConfigsResponse,
  TaskPushNotificationConfig
} from '../../core/a2a-operations.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError, invalidRequest } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { positionOf } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { WebTargets } from '../../core/web-targets.ts'
import { keyText } from '../worker/memory-task-store.ts'
import type { TaskEvent, TaskKey, TaskStore } from '../worker/task-store.ts'
import type { TaskView } from '../worker/task-view.ts'
import { isAsking } from '../worker/turns.ts'
import { watchTaskStore } from '../worker/watched-task-store.ts'
import type { PushConfig, PushConfigs, PushDialect } from './configs.ts'
import { createPushDelivery } from './delivery.ts'
import type { PushDelivery, PushFormats, PushSender, PushSigner } from './delivery.ts'
import { weightOf } from './notification.ts'
import type { PushedTasks } from './notification.ts'

export interface PushNotificationsComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly targets: WebTargets
  readonly sender: PushSender
  readonly sign: PushSigner
  /** For receivers that read other words than those of A2A 1.0. */
  readonly formats?: PushFormats
  /** Asked at every start. */
  readonly openConfigs: () => Promise<PushConfigs>
}

/** A task as those who want to be told of it have it. */
export interface PushedTask {
  readonly key: TaskKey
  /** The agent, as its caller names it. */
  readonly tenant: string
  /** Where the task is, or just before the state that it rests in; absent when it has told nothing. */
  readonly stand?: Position | undefined
}

export interface PushOptions {
  /** Whether all is told since the task began. */
  readonly whole?: boolean
  readonly dialect?: PushDialect | undefined
}

/** Started after the tasks can be read, and stopped before they cannot be read any more. */
export interface PushNotifications extends Component {
  /** Where the tasks are, said before the start. */
  serve(tasks: PushedTasks): void
  /** The store as the task engine has to use it; its tasks are served. */
  watch(store: TaskStore): TaskStore
  /** The tasks that somebody is to be told of. */
  tasks(): readonly TaskKey[]
  /** The task has something new to tell. */
  stir(key: TaskKey): void
  /**
   * Throws what speaks against a config of the task `key`, before that is begun for it.
   *
   * @throws INVALID_REQUEST, PUSH_TARGET_FORBIDDEN, PUSH_CONFIG_LIMIT
   */
  check(config: TaskPushNotificationConfig, key: TaskKey): void
  /**
   * Resolves when the config is on disk. Its receiver is told what happens from now on; of a task
   * that has ended or waits for its caller, also that; and with `whole` all since the task began.
   *
   * @throws what `check` does, and STORE_* when it cannot be kept
   */
  create(
    task: PushedTask,
    config: TaskPushNotificationConfig,
    options?: PushOptions
  ): Promise<TaskPushNotificationConfig>
  /** Throws PUSH_CONFIG_NOT_FOUND. */
  get(key: TaskKey, id: string): Promise<TaskPushNotificationConfig>
  list(key: TaskKey): Promise<ListPushNotificationConfigsResponse>
  /** Nothing is sent once this has resolved. */
  remove(key: TaskKey, id: string): Promise<void>
}

export function createPushNotifications(
  components: PushNotificationsComponents
): PushNotifications {
  return new Pushes(components)
}

/** RFC 9110: a token, and what a header may hold: visible ASCII and inner blanks. */
const SCHEME = /^[\w!#$%&'*+.^`|~-]+$/
const HEADER_VALUE = /^[!-~](?:[ -~]*[!-~])?$/

class Pushes implements PushNotifications {
  readonly #parts: PushNotificationsComponents
  #tasks: PushedTasks | undefined
  #open: { readonly configs: PushConfigs; readonly delivery: PushDelivery } | undefined

  constructor(components: PushNotificationsComponents) {
    this.#parts = components
  }

  async start(): Promise<void> {
    if (this.#open !== undefined) return
    const tasks = this.#tasks
    if (tasks === undefined) throw new TypeError('there are no tasks to tell of')
    const configs = await this.#parts.openConfigs()
    const delivery = createPushDelivery({ ...this.#parts, configs, tasks })
    this.#open = { configs, delivery }
    await delivery.start()
  }

  async stop(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.delivery.stop()
  }

  serve(tasks: PushedTasks): void {
    this.#tasks = tasks
  }

  tasks(): readonly TaskKey[] {
    const { configs } = this.#use()
    const keys = Array.from(configs.all(), ({ key: { id, caller } }) => ({ id, caller }))
    return [...new Map(keys.map((key) => [keyText(key), key])).values()]
  }

  stir(key: TaskKey): void {
    for (const entry of this.#open?.configs.ofTask(key) ?? []) this.#open?.delivery.stir(entry)
  }

  watch(store: TaskStore): TaskStore {
    this.serve(store)
    return watchTaskStore(store, (key, event) => this.#watch(key, event))
  }

  check(config: TaskPushNotificationConfig, key: TaskKey): void {
    const { url, id, token, authentication: { scheme, credentials } = {} } = config
    const target = URL.parse(url)
    if (target === null) throw invalidRequest('the URL for push notifications is malformed')
    const reason = this.#parts.targets.refusal(target)
    if (reason !== undefined) {
      throw new LumosError('PUSH_TARGET_FORBIDDEN', { details: { reason } })
    }
    if (id?.isWellFormed() === false) throw invalidRequest('the id of the config is no text')
    if (scheme !== undefined && !SCHEME.test(scheme))
      throw invalidRequest('the scheme is malformed')
    for (const secret of [token, credentials]) {
      // The caller learns that it is wrong, and nobody what it was.
      if (secret && !HEADER_VALUE.test(secret))
        throw invalidRequest('a secret fits into no HTTP header')
    }
    this.#use().configs.checkRoom({ ...key, config: id || idOf(url) })
  }

  async create(
    { key, tenant, stand }: PushedTask,
    config: TaskPushNotificationConfig,
    { whole = false, dialect }: PushOptions = {}
  ): Promise<TaskPushNotificationConfig> {
    this.check(config, key)
    const { configs, delivery } = this.#use()
    const { url, token, authentication } = config
    const stored: PushConfig = {
      tenant,
      id: config.id || idOf(url),
      taskId: key.id,
      url,
      ...(token && { token }),
      ...(authentication && { authentication }),
      ...(dialect && { dialect })
    }
    const known = configs.find({ ...key, config: stored.id })
    // Callers repeat their requests: what is there, and so on disk, is not disturbed by it.
    const isThere = known !== undefined && isDeepStrictEqual(await configs.read(known), stored)
    if (!isThere) delivery.renew(await configs.put(key, stored, whole ? undefined : stand))
    return shown(stored)
  }

  async get(key: TaskKey, id: string): Promise<TaskPushNotificationConfig> {
    const { configs } = this.#use()
    const entry = configs.find({ ...key, config: id })
    const config = entry && (await configs.read(entry))
    if (config === undefined) throw new LumosError('PUSH_CONFIG_NOT_FOUND')
    return shown(config)
  }

  async list(key: TaskKey): Promise<ListPushNotificationConfigsResponse> {
    const { configs } = this.#use()
    const found = await Promise.all(configs.ofTask(key).map((entry) => configs.read(entry)))
    // One may have ended between the two readings.
    return {
      configs: found.flatMap((config) => (config ? [shown(config)] : [])),
      nextPageToken: ''
    }
  }

  async remove(key: TaskKey, id: string): Promise<void> {
    const { configs, delivery } = this.#use()
    const entry = configs.find({ ...key, config: id })
    if (entry === undefined) return
    delivery.drop(entry)
    await configs.remove(entry)
  }

  #use(): { readonly configs: PushConfigs; readonly delivery: PushDelivery } {
    if (this.#open === undefined) throw new LumosError('SHUTTING_DOWN')
    return this.#open
  }

  /** A config that comes later is written later, and begins with what is there then. */
  #watch(key: TaskKey, { update }: TaskEvent): (() => void) | undefined {
    if (this.#open === undefined) return undefined
    const { configs, delivery } = this.#open
    const entries = configs.ofTask(key)
    if (entries.length === 0 || weightOf(update) === 'silent') return undefined
    return () => {
      for (const entry of entries) delivery.stir(entry)
    }
  }
}

/** The same URL is the same config: whoever repeats a request, as callers do, changes nothing. */
function idOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16)
}

/** As its caller gave it. */
function shown(config: PushConfig): TaskPushNotificationConfig {
  const { dialect: _, ...rest } = config
  return rest
}

/** A task that a peer has here. */
export function pushedTaskOf(view: TaskView): PushedTask {
  const { id, caller, agentId } = view.record
  return { key: { id, caller }, tenant: agentId, stand: standOf(view) }
}

/**
 * Where the task is, or just before the state it rests in: its end or its question must be told even
 * if the config came after it.
 */
function standOf(view: TaskView): Position | undefined {
  const position = positionOf({ task: view.snapshot({ artifacts: false, historyLength: 0 }) })
  if (position === undefined || !(view.ended || isAsking(view.status))) return position
  return position.seq === 0 ? undefined : { ...position, seq: position.seq - 1 }
}
