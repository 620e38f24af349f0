/** What leaves over one WebSocket: never more held for a slow reader than a bound, and no reader waited for without end. */
import type { WebSocket } from 'ws'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface Outlet {
  /** Resolves when there is room for the next one; false when the reader is gone, or was cut. */
  send(message: object): Promise<boolean>
  /** Messages for which there is no room yet. */
  readonly waiting: number
  /** Whether anything was sent since this was asked last. */
  wasUsed(): boolean
}

interface Waiting {
  readonly text: string
  readonly done: (sent: boolean) => void
}

/** A reader that takes nothing for LIMITS.gatewayStall is cut: it goes on from its place. */
export function createOutlet(
  socket: Pick<WebSocket, 'bufferedAmount' | 'on' | 'readyState' | 'send' | 'terminate'>,
  clock: Clock
): Outlet {
  const waiting: Waiting[] = []
  let used = false
  let cancelStall: (() => void) | undefined

  function stall(): void {
    cancelStall?.()
    cancelStall =
      waiting.length === 0
        ? undefined
        : clock.after(LIMITS.gatewayStall.value, () => socket.terminate())
  }

  function write(text: string): void {
    used = true
    socket.send(text, (error) => {
      if (error) return
      // The reader has taken something.
      while (waiting.length > 0 && hasRoom()) {
        const next = waiting.shift()
        if (next === undefined) break
        write(next.text)
        next.done(true)
      }
      stall()
    })
  }

  function hasRoom(): boolean {
    return socket.bufferedAmount < LIMITS.liveBufferBytes.value
  }

  socket.on('close', () => {
    cancelStall?.()
    for (const { done } of waiting.splice(0)) done(false)
  })

  return {
    get waiting() {
      return waiting.length
    },
    send(message) {
      const text = JSON.stringify(message)
      if (socket.readyState !== OPEN) return Promise.resolve(false)
      if (waiting.length === 0 && hasRoom()) {
        write(text)
        return Promise.resolve(true)
      }
      return new Promise((done) => {
        waiting.push({ text, done })
        if (cancelStall === undefined) stall()
      })
    },
    wasUsed() {
      const was = used
      used = false
      return was
    }
  }
}

/** As WebSocket numbers its states. */
const OPEN = 1
