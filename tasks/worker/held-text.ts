/** Text of an agent on its way into events: whoever waits gets it at once, else it gathers for a moment. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface HeldText {
  add(delta: string): void
  /** A reader has read everything: the moment to give it what is held. */
  wanted(): void
  /** What is held, which then is not any more. */
  take(): string
  /** Nothing is given any more by itself. */
  stop(): void
}

export interface HeldTextComponents {
  readonly clock: Pick<Clock, 'after'>
  /** Whether a reader has read everything and waits. */
  readonly isAwaited: () => boolean
  /** Takes what is held and makes an event of it. */
  readonly give: () => void
}

/**
 * Given at once, but once in a turn of the event loop: models say many words in one, and an event for each
 * of twenty, kept, sent and checked at both ends, was a quarter of what a delegated answer cost (measured).
 */
export function createHeldText({ clock, isAwaited, give }: HeldTextComponents): HeldText {
  let held = ''
  let disarm: (() => void) | undefined
  /** Whether text was given in this turn. */
  let given = false
  let stopped = false

  function offer(isWanted: boolean): void {
    if (held === '' || given || stopped) return
    if (isWanted) void giveNow()
    else disarm ??= clock.after(LIMITS.deltaDelay.value, onTime)
  }

  async function giveNow(): Promise<void> {
    given = true
    give()
    await turn()
    given = false
    offer(isAwaited())
  }

  function onTime(): void {
    disarm = undefined
    give()
  }

  return {
    add(delta) {
      held += delta
      if (held.length >= LIMITS.deltaBytes.value) give()
      else offer(isAwaited())
    },
    wanted: () => offer(true),
    take() {
      const text = held
      held = ''
      return text
    },
    stop() {
      stopped = true
      disarm?.()
    }
  }
}
