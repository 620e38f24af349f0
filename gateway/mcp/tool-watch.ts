/** Notices when the tools that MCP clients are shown are others than before: agents come and go. */
import type { Clock } from '../../core/clock.ts'
import type { ControlOperations } from '../control/operations.ts'
import { servedTools } from './agent-tools.ts'

export interface ToolWatch {
  /** The returned function ends it. */
  on(listener: () => void): () => void
  stop(): void
}

export interface ToolWatchComponents {
  readonly clock: Clock
  readonly operations: Pick<ControlOperations, 'agents'>
  /** Calls back whenever an agent may have come, changed or gone; the returned function ends it. */
  readonly onAgents: (listener: () => void) => () => void
}

/** A node that joins brings its agents one after the other: clients are told once. */
const GATHER_MS = 200

/** Costs nothing while nobody listens. */
export function createToolWatch({ clock, operations, onAgents }: ToolWatchComponents): ToolWatch {
  const listeners = new Set<() => void>()
  let known = ''
  let cancelTimer: (() => void) | undefined
  let stopAgents: (() => void) | undefined

  async function look(): Promise<void> {
    cancelTimer = undefined
    const now = await shown()
    if (now === known) return
    known = now
    for (const listener of listeners) listener()
  }

  async function shown(): Promise<string> {
    return JSON.stringify(servedTools((await operations.agents()).agents))
  }

  function stop(): void {
    cancelTimer?.()
    cancelTimer = undefined
    stopAgents?.()
    stopAgents = undefined
  }

  async function begin(): Promise<void> {
    known = await shown()
  }

  return {
    on(listener) {
      listeners.add(listener)
      if (stopAgents === undefined) {
        void begin()
        stopAgents = onAgents(() => {
          cancelTimer ??= clock.after(GATHER_MS, () => void look())
        })
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) stop()
      }
    },
    stop
  }
}
