/** Documents of the control API about agents that are watched while they come and go. */
import type { Provider, Versioned } from './api.ts'

/** One line of `lumos find --watch --json`; `ready` when everybody who is known has been told. */
export type FindEvent =
  | (Versioned & {
      readonly type: 'appeared' | 'changed' | 'vanished'
      readonly provider: Provider
    })
  | (Versioned & { readonly type: 'ready' })
