/** Where push notification configs lie in the database (docs/protocols/tasks.md, "Record layout"). */
import type { KeyRange } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { TaskKey } from '../worker/task-store.ts'

/** Names a config. */
export interface PushKey extends TaskKey {
  /** Of the config, chosen by the caller; `id` is that of the task. */
  readonly config: string
}

/** Of the tasks that peers have here, and of those that callers over HTTP have anywhere. */
export type PushRoot = 'push' | 'edge-push'

export interface PushKeys {
  /** The config as its caller gave it, secrets included. */
  readonly config: (key: PushKey) => string
  readonly allConfigs: KeyRange
  /** How far its receiver has come. */
  readonly progress: (key: PushKey) => string
  /** The config that a key of either kind names. */
  readonly nameOf: (key: string) => PushKey
}

/** Callers choose ids of configs, and some have names: none may reach into the place of another. */
function place({ id, caller, config }: PushKey): string {
  return [id, caller, config].map(encodeURIComponent).join('/')
}

export function pushKeysOf(root: PushRoot): PushKeys {
  return {
    config: (key) => `${root}/config/${place(key)}`,
    allConfigs: prefixRange(`${root}/config/`),
    progress: (key) => `${root}/at/${place(key)}`,
    nameOf: (key) => {
      const [id = '', caller = '', config = ''] = key.split('/').slice(2).map(decodeURIComponent)
      return { id, caller, config }
    }
  }
}
