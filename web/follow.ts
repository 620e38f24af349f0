/** Follows a stream of the node for as long as somebody looks: told once a frame, and opened again when it breaks. */
import { codeOf } from './failure.ts'
import type { WebClock } from './clock.ts'

export interface FollowParts<T> {
  /** From the beginning: what was told before counts no more. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>
  readonly begin: () => void
  readonly take: (items: readonly T[]) => void
  /** `ended`: there is no more; `failed`: no later try gets over it. */
  readonly onState: (state: FollowState) => void
  readonly clock: WebClock
  readonly onFrame: (action: () => void) => void
}

export type FollowState =
  | { readonly is: 'opening' | 'open' | 'ended' }
  /** Tried again by itself. */
  | { readonly is: 'lost'; readonly error: unknown }
  | { readonly is: 'failed'; readonly error: unknown }

const FIRST_WAIT_MS = 500
const MOST_WAIT_MS = 5000

/** What a node says that goes, or is gone. */
const PASSING: readonly string[] = [
  'DAEMON_DOWN',
  'DAEMON_STOPPED',
  'SHUTTING_DOWN',
  'TIMED_OUT',
  'OVERLOADED'
]

/** The returned function ends it. */
export function follow<T>(parts: FollowParts<T>): () => void {
  const stopping = new AbortController()
  const { signal } = stopping
  void stayOpen(parts, signal)
  return () => stopping.abort()
}

async function stayOpen<T>(parts: FollowParts<T>, signal: AbortSignal): Promise<void> {
  const { clock, onState } = parts
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    onState({ is: 'opening' })
    // oxlint-disable-next-line no-await-in-loop -- one stream after the other
    const outcome = await followOnce(parts, signal)
    if (signal.aborted) return
    if (outcome.error === undefined) return onState({ is: 'ended' })
    const { error } = outcome
    if (!PASSING.includes(codeOf(error))) return onState({ is: 'failed', error })
    onState({ is: 'lost', error })
    if (outcome.told) attempt = 0
    const wait = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await new Promise<void>((resolve) => {
      const cancel = clock.after(wait, resolve)
      signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
    })
  }
}

async function followOnce<T>(
  { open, begin, take, onState, onFrame }: FollowParts<T>,
  signal: AbortSignal
): Promise<{ readonly told: boolean; readonly error?: unknown }> {
  let waiting: T[] = []
  let told = false
  const flush = (): void => {
    const items = waiting
    waiting = []
    if (!signal.aborted && items.length > 0) take(items)
  }
  try {
    for await (const item of open(signal)) {
      if (!told) {
        begin()
        onState({ is: 'open' })
      }
      told = true
      waiting.push(item)
      if (waiting.length === 1) onFrame(flush)
    }
  } catch (error) {
    return { told, error }
  } finally {
    flush()
  }
  return { told }
}
