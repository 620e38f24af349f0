/** Makes those wait who would delegate before the node can, and when it has stopped. */
import type { Component } from '../core/component.ts'
import { unlessAborted } from '../core/unless-aborted.ts'

export interface WhileDelegating<Parts> extends Component {
  /** Rejects with what `action` does, or with the reason of `signal`. */
  do<Result>(signal: AbortSignal, action: (parts: Parts) => Promise<Result>): Promise<Result>
}

/**
 * Delegation begins after the agents and ends before them. Meanwhile they wait: that the node stops is
 * no answer, but the end of the run that asks, which its next run may make good.
 */
export function createWhileDelegating<Parts>(components: () => Parts): WhileDelegating<Parts> {
  let ready = Promise.withResolvers<Parts>()
  let running = false
  return {
    async do(signal, action) {
      const parts = await unlessAborted(ready.promise, signal)
      try {
        return await action(parts)
      } catch (error) {
        if (running) throw error
        return unlessAborted(new Promise<never>(() => {}), signal)
      }
    },
    async start() {
      running = true
      ready.resolve(components())
    },
    async stop() {
      running = false
      ready = Promise.withResolvers()
    }
  }
}
