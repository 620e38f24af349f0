/** Where a task that waits is given what it asks for. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { Question } from '../../client/api.ts'
import { useDashboard } from '../dashboard.tsx'
import { Content } from './content.tsx'
import { ErrorBox } from './error-box.tsx'

export interface AnswerFormProps {
  readonly task: string
  readonly question: Question
  /** It is on the node's disk. */
  readonly onAnswered?: () => void
}

export function AnswerForm({ task, question, onAnswered }: AnswerFormProps): VNode {
  const { client } = useDashboard()
  const id = useId()
  const text = useSignal('')
  const state = useSignal<{ readonly isSending: boolean; readonly error?: unknown }>({
    isSending: false
  })
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    state.value = { isSending: true }
    try {
      await client.answer(task, { text: text.value })
      text.value = ''
      state.value = { isSending: false }
      onAnswered?.()
    } catch (error) {
      state.value = { isSending: false, error }
    }
  }
  const extra = question.parts?.filter((part) => part.text === undefined) ?? []
  return (
    <form class="question" onSubmit={(event) => void submit(event)}>
      <label for={id}>
        <span class="dim">{question.auth ? 'It needs a permission' : 'It asks'}</span>
        <strong dir="auto">{question.text}</strong>
      </label>
      <Content parts={extra} />
      <div class="row">
        <input
          id={id}
          value={text}
          dir="auto"
          autocomplete="off"
          placeholder="Your answer"
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={state.value.isSending || text.value === ''}>
          Answer
        </button>
      </div>
      {state.value.error !== undefined && <ErrorBox error={state.value.error} />}
    </form>
  )
}
