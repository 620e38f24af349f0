/** One task: what was said, what came of it, where its time went, and what can be done about it. */
import type { ComponentChildren, VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { TaskView } from '../../../client/api.ts'
import { INTERRUPTED_STATES, TERMINAL_STATES } from '../../../core/a2a.ts'
import { useAnswer, useStream } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { count, duration, shortId } from '../../format.ts'
import { codeOf } from '../../failure.ts'
import { go } from '../../location.tsx'
import { BEGINNING, withEvents } from '../../model/run-story.ts'
import type { RunStory } from '../../model/run-story.ts'
import { AnswerForm } from '../../parts/answer-form.tsx'
import { TaskBadge } from '../../parts/badge.tsx'
import { Content } from '../../parts/content.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Name } from '../../parts/name.tsx'
import { Facts, Panel } from '../../parts/panel.tsx'
import { StoryBody, StoryHead } from '../../parts/run-story.tsx'
import { Ago } from '../../parts/time.tsx'
import { hashOf } from '../../route.ts'
import { TracePanel } from './trace-panel.tsx'

export function TaskPage({ id }: { readonly id: string }): VNode {
  const { client, live } = useDashboard()
  const news = live.tasks.news.value.get(id) ?? 0
  const asked = useAnswer(id, async (signal) => (await client.task(id, { signal })).task, news)
  const story = useSignal<RunStory>(BEGINNING)
  const told = useStream(id, {
    open: (signal) => client.events(id, { signal }),
    begin: () => (story.value = BEGINNING),
    take: (events) => (story.value = withEvents(story.value, events))
  })
  const { value: task, error } = asked
  if (task === undefined) return <NoTask id={id} error={error} onRetry={asked.again} />
  return (
    <>
      <Head id={id} task={task} onChange={asked.again} />
      <div class="stack">
        {story.value.question !== undefined && !TERMINAL_STATES.has(task.state) && (
          <section class="panel" aria-label="Question">
            <AnswerForm task={id} question={story.value.question} onAnswered={asked.again} />
          </section>
        )}
        <TracePanel task={task} />
        <div class="two-columns">
          <Panel title="What was said">
            <History task={task} />
            {told.is === 'failed' && <ErrorBox error={told.error} />}
            {told.is === 'lost' && (
              <p class="dim" role="status">
                No contact with the node; this goes on when it is back.
              </p>
            )}
            <StoryHead story={{ ...story.value, state: task.state }} />
            <StoryBody story={story.value} />
          </Panel>
          <div class="stack">
            <About task={task} />
            <Family task={task} />
          </div>
        </div>
      </div>
    </>
  )
}

interface NoTaskProps {
  readonly id: string
  readonly error: unknown
  readonly onRetry: () => void
}

function NoTask({ id, error, onRetry }: NoTaskProps): VNode {
  return (
    <>
      <Head id={id} />
      {error === undefined ? (
        <p class="dim" role="status">
          Asking the node …
        </p>
      ) : codeOf(error) === 'TASK_UNKNOWN' ? (
        <Empty title="This node has no such task of yours.">
          <p>It may have been removed, or belong to somebody else.</p>
          <a href={hashOf('tasks')}>All tasks</a>
        </Empty>
      ) : (
        <ErrorBox error={error} onRetry={onRetry} />
      )}
    </>
  )
}

interface HeadProps {
  readonly id: string
  readonly task?: TaskView
  readonly onChange?: () => void
}

function Head({ id, task, onChange }: HeadProps): VNode {
  return (
    <header class="page-head">
      <a class="back" href={hashOf('tasks')} aria-label="All tasks">
        ←
      </a>
      <h1>
        {task === undefined ? 'Task' : <Name text={task.agent} />}
        <code class="id" title={id}>
          {shortId(id)}
        </code>
        {task !== undefined && <TaskBadge state={task.state} />}
      </h1>
      {task !== undefined && <Actions task={task} onChange={onChange ?? (() => undefined)} />}
    </header>
  )
}

function Actions({
  task,
  onChange
}: {
  readonly task: TaskView
  readonly onChange: () => void
}): VNode {
  const { client } = useDashboard()
  const failure = useSignal<unknown>(undefined)
  const wantsRemoval = useSignal(false)
  const isOver = TERMINAL_STATES.has(task.state)
  const isWaiting = INTERRUPTED_STATES.has(task.state)
  const attempt = (work: Promise<unknown>, then: () => void): void => {
    failure.value = undefined
    work.then(then, (error: unknown) => (failure.value = error))
  }
  return (
    <>
      {!isOver && (
        <button type="button" onClick={() => attempt(client.cancel(task.id), onChange)}>
          {isWaiting ? 'Cancel instead of answering' : 'Cancel'}
        </button>
      )}
      {isOver && task.outgoing && (
        <button type="button" onClick={() => (wantsRemoval.value = true)}>
          Remove
        </button>
      )}
      {wantsRemoval.value && (
        <Confirm
          title="Remove this task?"
          does="Remove"
          onClose={() => (wantsRemoval.value = false)}
          onConfirm={() => attempt(client.remove(task.id), () => go('tasks'))}
        >
          <p>This node forgets what was asked and answered. That cannot be undone.</p>
        </Confirm>
      )}
      {failure.value !== undefined && <ErrorBox error={failure.value} />}
    </>
  )
}

/** Without what its story tells: artifacts and the question. */
function History({ task }: { readonly task: TaskView }): VNode {
  const messages = task.history.filter(({ role }) => role === 'ROLE_USER')
  if (messages.length === 0) {
    return (
      <p class="asked" dir="auto">
        {task.input}
      </p>
    )
  }
  return (
    <>
      {messages.map(({ messageId, parts }) => (
        <div class="asked" key={messageId}>
          <Content parts={parts} />
        </div>
      ))}
    </>
  )
}

function About({ task }: { readonly task: TaskView }): VNode {
  const { caller, worker, createdAt, tookMs, usage, chain, contextId } = task
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ['Asked by', <Name key="c" text={caller.name} id={caller.id} />],
    [
      'Done by',
      worker.id === '' ? (
        <span key="w" class="dim">
          nobody yet
        </span>
      ) : (
        <Name key="w" text={worker.name} id={worker.id} />
      )
    ],
    ['Begun', <Ago key="b" iso={createdAt} />],
    ['Took', tookMs === null ? 'not over' : duration(tookMs)],
    ...(usage === undefined || usage.calls + usage.tokens + usage.money === 0
      ? []
      : [
          [
            'Cost',
            `${count(usage.calls)} calls, ${count(usage.tokens)} tokens${usage.money > 0 ? `, $${usage.money.toFixed(4)}` : ''}`
          ] as const
        ]),
    ...(chain === undefined || chain.priority === 'normal'
      ? []
      : [['Priority', chain.priority] as const]),
    [
      'Task',
      <span key="t" class="copied">
        <code>{task.id}</code> <CopyButton text={task.id} what="the id of the task" />
      </span>
    ],
    ['Thread', <code key="x">{contextId}</code>]
  ]
  return (
    <Panel title="About">
      <Facts facts={facts} />
    </Panel>
  )
}

/** What it came of, and what came of it. */
function Family({ task }: { readonly task: TaskView }): VNode | null {
  const { live } = useDashboard()
  const children = (live.tasks.rows.value ?? []).filter(({ parent }) => parent === task.id)
  if (task.parent === undefined && children.length === 0) return null
  return (
    <Panel title="Came of, led to">
      <ul class="family">
        {task.parent !== undefined && (
          <li>
            <span class="dim">of </span>
            <a href={hashOf('tasks', [task.parent])}>{shortId(task.parent)}</a>
          </li>
        )}
        {children.map(({ id, agent, worker, state, tookMs }) => (
          <li key={id}>
            <TaskBadge state={state} />
            <a href={hashOf('tasks', [id])}>
              <Name text={agent} />
            </a>
            <span class="dim">
              {' on '}
              <Name text={worker.name} id={worker.id} />
            </span>
            {tookMs !== null && <span class="dim num">{duration(tookMs)}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
