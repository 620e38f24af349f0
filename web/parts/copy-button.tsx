/** Copies a text, and says that it has. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import { webClock } from '../clock.ts'

const SHOWN_MS = 1500

/** `what` it is, in words, for those who do not see beside what it stands. */
export function CopyButton({
  text,
  what
}: {
  readonly text: string
  readonly what: string
}): VNode {
  const word = useSignal('Copy')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      word.value = 'Copied'
    } catch {
      word.value = 'Not copied'
    }
    webClock.after(SHOWN_MS, () => (word.value = 'Copy'))
  }
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`Copy ${what}`}
      onClick={() => void copy()}
    >
      <span role="status">{word}</span>
    </button>
  )
}
