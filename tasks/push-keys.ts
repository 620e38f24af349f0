/** Where push notification configs lie in the database (docs/protocols/tasks.md, "Record layout"). */
import type { KeyRange } from '../storage/store.ts'
import { prefixRange } from '../storage/store.ts'
import type { TaskKey } from './task-store.ts'

/** Names a config. */
export interface PushKey extends TaskKey {
  /** Of the config, chosen by the caller; `id` is that of the task. */
  readonly config: string
}

/** Callers choose ids of configs: none may reach into the place of another. */
function place({ id, caller, config }: PushKey): string {
  return `${id}/${caller}/${encodeURIComponent(config)}`
}

export const pushKeys = {
  /** The config as its caller gave it, secrets included. */
  config: (key: PushKey): string => `push/config/${place(key)}`,
  allConfigs: prefixRange('push/config/'),
  configsOf: ({ id, caller }: TaskKey): KeyRange => prefixRange(`push/config/${id}/${caller}/`),
  /** How far its receiver has come. */
  progress: (key: PushKey): string => `push/at/${place(key)}`,
  /** The config that a key of either kind names. */
  nameOf: (key: string): PushKey => {
    const [, , id = '', caller = '', config = ''] = key.split('/')
    return { id, caller, config: decodeURIComponent(config) }
  }
}
