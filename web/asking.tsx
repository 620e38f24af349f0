/** How pages ask and follow the node: what they show belongs to the question, and is asked anew when the node is back. */
import { useEffect, useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { useDashboard } from './dashboard.tsx'
import { createAsker } from './asker.ts'
import type { Asker } from './asker.ts'
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
  const asker = useRef<Asker | undefined>(undefined)
  const latest = useRef(ask)
  latest.current = ask
  const isAsked = ask !== undefined && live.link.value !== 'lost'
  useEffect(() => {
    if (!isAsked) return undefined
    const own = createAsker(async (signal) => {
      const before = asked.peek().question === question ? asked.peek() : { question }
      asked.value = { ...before, isAsking: true }
      const answer = await settled(latest.current?.(signal))
      if (!signal.aborted) asked.value = { ...before, error: undefined, ...answer, isAsking: false }
    })
    asker.current = own
    return () => {
      own.stop()
      asker.current = undefined
    }
  }, [question, isAsked])
  useEffect(() => asker.current?.ask(), [question, isAsked, version, round.value])
  const isCurrent = asked.value.question === question
  return {
    value: isCurrent ? asked.value.value : undefined,
    error: isCurrent ? asked.value.error : undefined,
    isAsking: isCurrent ? asked.value.isAsking : isAsked,
    again: () => (round.value += 1)
  }
}

async function settled<T>(
  answer: Promise<T> | undefined
): Promise<{ readonly value?: T; readonly error?: unknown }> {
  try {
    return answer === undefined ? {} : { value: await answer }
  } catch (error) {
    return { error }
  }
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
