/** How pages ask and follow the node: what they show belongs to the question, and is asked anew when the node is back. */
import { useEffect, useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { useDashboard } from './dashboard.tsx'
import { follow } from './follow.ts'
import type { FollowState } from './follow.ts'

export interface Answer<T> {
  /** Of the question that is asked now; stays while it is asked anew. */
  readonly value: T | undefined
  readonly error: unknown
  readonly isAsking: boolean
  readonly again: () => void
}

interface Asked<T> {
  readonly question: string
  readonly value?: T
  readonly error?: unknown
  readonly isAsking: boolean
}

/**
 * @param question tells one answer from another
 * @param ask undefined: nothing is asked
 * @param version of the same question: another one asks anew, and shows the old answer meanwhile
 */
export function useAnswer<T>(
  question: string,
  ask: ((signal: AbortSignal) => Promise<T>) | undefined,
  version: number | string = 0
): Answer<T> {
  const { live } = useDashboard()
  const asked = useSignal<Asked<T>>({ question, isAsking: ask !== undefined })
  const round = useSignal(0)
  const isAway = live.link.value === 'lost'
  const isAsked = ask !== undefined
  useEffect(() => {
    if (ask === undefined || isAway) return undefined
    const stop = new AbortController()
    const before = asked.peek().question === question ? asked.peek() : { question }
    asked.value = { ...before, question, isAsking: true }
    const tell = (now: Asked<T>): void => {
      if (!stop.signal.aborted) asked.value = now
    }
    ask(stop.signal).then(
      (value) => {
        tell({ question, value, isAsking: false })
        return undefined
      },
      (error: unknown) => tell({ ...before, question, error, isAsking: false })
    )
    return () => stop.abort()
    // The question stands for what is asked.
  }, [question, version, isAway, isAsked, round.value])
  const { value, error, isAsking } =
    asked.value.question === question
      ? asked.value
      : { value: undefined, error: undefined, isAsking: isAsked }
  return { value, error, isAsking, again: () => (round.value += 1) }
}

export interface StreamParts<T> {
  readonly open: (signal: AbortSignal) => AsyncIterable<T>
  readonly begin: () => void
  readonly take: (items: readonly T[]) => void
}

/** Follows while the component is there; undefined: nothing. */
export function useStream<T>(question: string, parts: StreamParts<T> | undefined): FollowState {
  const { clock } = useDashboard()
  const state = useSignal<FollowState>({ is: 'opening' })
  const latest = useRef(parts)
  latest.current = parts
  const isFollowed = parts !== undefined
  useEffect(() => {
    if (!isFollowed) return undefined
    return follow<T>({
      open: (signal) => latest.current?.open(signal) ?? nothing(),
      begin: () => latest.current?.begin(),
      take: (items) => latest.current?.take(items),
      onState: (now) => (state.value = now),
      clock,
      onFrame: (action) => void requestAnimationFrame(action)
    })
  }, [question, isFollowed, clock])
  return state.value
}

// oxlint-disable-next-line require-yield -- there is nothing
async function* nothing(): AsyncGenerator<never> {}
