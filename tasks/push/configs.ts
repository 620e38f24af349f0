/** Keeps push notification configs in the database, and how far the receiver of each has come. */
import type { TaskPushNotificationConfig } from '../../core/a2a-operations.ts'
import { Counts } from '../../core/counts.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { Batches } from '../../storage/batches.ts'
import type { Store } from '../../storage/store.ts'
import { keyText } from '../worker/memory-task-store.ts'
import { del, parse, put } from '../stored-json.ts'
import type { TaskKey } from '../worker/task-store.ts'
import { pushKeysOf } from './keys.ts'
import type { PushKey, PushKeys, PushRoot } from './keys.ts'

/** A config as it is stored: id and task are known. */
export type PushConfig = TaskPushNotificationConfig & {
  readonly id: string
  readonly taskId: string
  /** Whose words its receiver reads, if not those of A2A 1.0. */
  readonly dialect?: PushDialect
}

export type PushDialect = '0.3'

export interface PushProgress {
  /** The last event that the receiver took; absent before the first. */
  readonly cursor?: Position
  /** Since when the receiver has failed, milliseconds since the epoch. */
  readonly failingSince?: number
}

/** A config that is in force. What is secret of it stays in the database. */
export interface PushEntry {
  readonly key: PushKey
  /** Origin of the URL. */
  readonly receiver: string
  readonly dialect: PushDialect | undefined
  readonly progress: PushProgress
}

export interface PushConfigs {
  all(): Iterable<PushEntry>
  /** In the order of their creation. */
  ofTask(key: TaskKey): readonly PushEntry[]
  find(key: PushKey): PushEntry | undefined
  /** Throws PUSH_CONFIG_LIMIT when there is no room for one more of that name. */
  checkRoom(key: PushKey): void
  /**
   * Resolves when the config is on disk. One that is there already keeps its progress, and else
   * begins behind `after`, or with the first event.
   *
   * @throws PUSH_CONFIG_LIMIT, and STORE_* when it cannot be kept
   */
  put(key: TaskKey, config: PushConfig, after?: Position): Promise<PushEntry>
  /** With its secrets; `undefined` once it is removed. */
  read(entry: PushEntry): Promise<PushConfig | undefined>
  /** Takes effect at once, and resolves when it is on disk. */
  remove(entry: PushEntry): Promise<void>
  /** Takes effect at once; with `sync` it resolves when it is on disk. Nothing for a removed one. */
  note(entry: PushEntry, progress: PushProgress, sync: boolean): Promise<void>
}

export interface PushConfigsComponents {
  readonly store: Pick<Store, 'get' | 'getMany' | 'iterate'>
  readonly batches: Pick<Batches, 'write'>
  readonly root: PushRoot
}

interface Entry extends PushEntry {
  receiver: string
  dialect: PushDialect | undefined
  progress: PushProgress
}

/** Reads which configs the last process left. */
export async function openPushConfigs(components: PushConfigsComponents): Promise<PushConfigs> {
  const { store, root } = components
  const keys = pushKeysOf(root)
  const entries: Entry[] = []
  for await (const [name, value] of store.iterate(keys.allConfigs)) {
    const key = keys.nameOf(name)
    const kept = await store.get(keys.progress(key))
    const progress = kept === undefined ? {} : parse<PushProgress>(kept)
    const config = parse<PushConfig>(value)
    entries.push({ key, receiver: receiverOf(config), dialect: config.dialect, progress })
  }
  return new StoredConfigs(components, entries)
}

class StoredConfigs implements PushConfigs {
  readonly #parts: PushConfigsComponents
  readonly #keys: PushKeys
  /** By task, then by id. */
  readonly #tasks = new Map<string, Map<string, Entry>>()
  readonly #perPeer = new Counts<string>()
  #size = 0

  constructor(components: PushConfigsComponents, entries: readonly Entry[]) {
    this.#parts = components
    this.#keys = pushKeysOf(components.root)
    for (const entry of entries) this.#add(entry)
  }

  *all(): Iterable<PushEntry> {
    for (const entries of this.#tasks.values()) yield* entries.values()
  }

  ofTask(key: TaskKey): readonly PushEntry[] {
    // Asked with every event of every task.
    if (this.#size === 0) return []
    return [...(this.#tasks.get(keyText(key))?.values() ?? [])]
  }

  find(key: PushKey): PushEntry | undefined {
    return this.#find(key)
  }

  checkRoom(key: PushKey): void {
    if (this.#find(key) !== undefined) return
    const ofTask = this.#tasks.get(keyText(key))?.size ?? 0
    const { pushConfigsPerTask, pushConfigsPerPeer, pushConfigs } = LIMITS
    if (ofTask >= pushConfigsPerTask.value) throw full(pushConfigsPerTask.value, 'task')
    const ofPeer = this.#perPeer.of(key.caller)
    if (ofPeer >= pushConfigsPerPeer.value) throw full(pushConfigsPerPeer.value, 'peer')
    if (this.#size >= pushConfigs.value) throw full(pushConfigs.value, 'node')
  }

  async put({ id, caller }: TaskKey, config: PushConfig, after?: Position): Promise<PushEntry> {
    const key = { id, caller, config: config.id }
    this.checkRoom(key)
    const receiver = receiverOf(config)
    const { dialect } = config
    const stored = put(this.#keys.config(key), config)
    const known = this.#find(key)
    if (known !== undefined) {
      await this.#parts.batches.write([stored], true)
      // The old one may have come to its end meanwhile; the new one has told nothing yet.
      if (this.#find(key) !== known) return this.put({ id, caller }, config, after)
      known.receiver = receiver
      known.dialect = dialect
      return known
    }
    const entry = { key, receiver, dialect, progress: { ...(after && { cursor: after }) } }
    this.#add(entry)
    try {
      await this.#parts.batches.write([stored, put(this.#keys.progress(key), entry.progress)], true)
    } catch (error) {
      this.#drop(entry)
      throw error
    }
    return entry
  }

  async read(entry: PushEntry): Promise<PushConfig | undefined> {
    const value = await this.#parts.store.get(this.#keys.config(entry.key))
    // Another of the same name is not meant.
    if (value === undefined || this.#find(entry.key) !== entry) return undefined
    return parse<PushConfig>(value)
  }

  async remove(entry: PushEntry): Promise<void> {
    if (!this.#drop(entry)) return
    const { key } = entry
    const operations = [del(this.#keys.config(key)), del(this.#keys.progress(key))]
    await this.#parts.batches.write(operations, true)
  }

  async note(entry: PushEntry, progress: PushProgress, sync: boolean): Promise<void> {
    const known = this.#find(entry.key)
    if (known === undefined || known !== entry) return
    known.progress = progress
    await this.#parts.batches.write([put(this.#keys.progress(entry.key), progress)], sync)
  }

  #find(key: PushKey): Entry | undefined {
    return this.#tasks.get(keyText(key))?.get(key.config)
  }

  #add(entry: Entry): void {
    const { key } = entry
    const entries = this.#tasks.get(keyText(key)) ?? new Map<string, Entry>()
    this.#tasks.set(keyText(key), entries.set(key.config, entry))
    this.#perPeer.add(key.caller)
    this.#size += 1
  }

  #drop(entry: PushEntry): boolean {
    const { key } = entry
    const entries = this.#tasks.get(keyText(key))
    if (entries?.get(key.config) !== entry) return false
    entries.delete(key.config)
    if (entries.size === 0) this.#tasks.delete(keyText(key))
    this.#perPeer.remove(key.caller)
    this.#size -= 1
    return true
  }
}

function receiverOf({ url }: PushConfig): string {
  return new URL(url).origin
}

function full(limit: number, scope: string): LumosError {
  return new LumosError('PUSH_CONFIG_LIMIT', { details: { limit, scope } })
}
