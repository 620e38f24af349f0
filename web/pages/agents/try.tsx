/** One thing that was asked of an agent from here, told as it happens. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { RunRequest } from '../../../client/api.ts'
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import { useStream } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { BEGINNING, withEvents } from '../../model/run-story.ts'
import type { RunStory } from '../../model/run-story.ts'
import { AnswerForm } from '../../parts/answer-form.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { StoryBody, StoryHead } from '../../parts/run-story.tsx'
import { hashOf } from '../../route.ts'

export function Try({
  request
}: {
  readonly request: RunRequest & { readonly taskId: string }
}): VNode {
  const { client } = useDashboard()
  const story = useSignal<RunStory>(BEGINNING)
  const failure = useSignal<unknown>(undefined)
  const { taskId } = request
  const state = useStream(taskId, {
    // The same id and words are the same task: after a break its story is told again.
    open: (signal) => client.run(request, { signal }),
    begin: () => (story.value = BEGINNING),
    take: (events) => (story.value = withEvents(story.value, events))
  })
  const { question } = story.value
  const isOver = TERMINAL_STATES.has(story.value.state) || state.is === 'failed'
  const cancel = (): void => {
    client.cancel(taskId).catch((error: unknown) => (failure.value = error))
  }
  return (
    <article class="panel try" aria-label="Answer">
      <p class="asked" dir="auto">
        {request.data === undefined ? request.text : <JsonView value={request.data} />}
      </p>
      <div class="row">
        {state.is !== 'failed' && <StoryHead story={story.value} />}
        <span class="grow" />
        {!isOver && (
          <button type="button" class="small" onClick={cancel}>
            Cancel
          </button>
        )}
        {state.is !== 'failed' && (
          <a class="small" href={hashOf('tasks', [taskId])}>
            Task
          </a>
        )}
      </div>
      {state.is === 'lost' && (
        <p class="dim" role="status">
          No contact with the node: the task goes on, and so does this when it is back.
        </p>
      )}
      <StoryBody story={story.value} />
      {question !== undefined && !isOver && <AnswerForm task={taskId} question={question} />}
      {state.is === 'failed' && <ErrorBox error={state.error} />}
      {failure.value !== undefined && <ErrorBox error={failure.value} />}
    </article>
  )
}
