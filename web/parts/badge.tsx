/** A word on a colour that means the same everywhere. */
import type { VNode } from 'preact'

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'quiet'

/** The colour never says it alone: the word does. */
export function Badge({ tone, text }: { readonly tone: Tone; readonly text: string }): VNode {
  return (
    <span class={`badge ${tone}`}>
      <i aria-hidden="true" />
      {text}
    </span>
  )
}

const TASK_TONES: Readonly<Record<string, Tone>> = {
  TASK_STATE_COMPLETED: 'good',
  TASK_STATE_WORKING: 'busy',
  TASK_STATE_SUBMITTED: 'busy',
  TASK_STATE_INPUT_REQUIRED: 'warn',
  TASK_STATE_AUTH_REQUIRED: 'warn',
  TASK_STATE_FAILED: 'bad',
  TASK_STATE_REJECTED: 'bad',
  TASK_STATE_CANCELED: 'quiet'
}

export function TaskBadge({ state }: { readonly state: string }): VNode {
  return <Badge tone={TASK_TONES[state] ?? 'quiet'} text={taskWord(state)} />
}

/** `TASK_STATE_INPUT_REQUIRED` → `input required`. */
function taskWord(state: string): string {
  return state
    .replace(/^TASK_STATE_/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
}

const PEER_TONES: Readonly<Record<string, Tone>> = {
  connected: 'good',
  connecting: 'busy',
  disconnected: 'quiet',
  refused: 'bad',
  blocked: 'bad'
}

export function PeerBadge({ state }: { readonly state: string }): VNode {
  return <Badge tone={PEER_TONES[state] ?? 'quiet'} text={state} />
}
