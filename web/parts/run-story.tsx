/** A task as it is told: where it runs, what comes out, which tools ran at which node, and what it asks. */
import type { VNode } from 'preact'
import { INTERRUPTED_STATES, TERMINAL_STATES } from '../../core/a2a.ts'
import { duration } from '../format.ts'
import type { Note, RunStory, ToolUse } from '../model/run-story.ts'
import { TaskBadge } from './badge.tsx'
import { Content } from './content.tsx'
import { ErrorBox } from './error-box.tsx'
import { JsonView } from './json-view.tsx'
import { Name } from './name.tsx'

/** In one line: what became of it, where, and how long it took. */
export function StoryHead({ story }: { readonly story: RunStory }): VNode {
  const { state, worker, tookMs, firstEventMs, progress, fraction, usage } = story
  return (
    <div class="story-head">
      <TaskBadge state={state} />
      {worker !== undefined && (
        <span>
          <span class="dim">on </span>
          <Name text={worker.name} id={worker.id} />
          {worker.path !== '' && <span class="dim">, {worker.path}</span>}
        </span>
      )}
      {tookMs !== undefined && <span class="num">{duration(tookMs)}</span>}
      {firstEventMs !== undefined && (
        <span class="dim num">first word after {duration(firstEventMs)}</span>
      )}
      {usage !== undefined && usage.tokens > 0 && (
        <span class="dim num">{usage.tokens} tokens</span>
      )}
      {!TERMINAL_STATES.has(state) && fraction !== undefined && (
        <progress value={fraction} max={1} aria-label="Progress" />
      )}
      {!TERMINAL_STATES.has(state) && !INTERRUPTED_STATES.has(state) && progress !== undefined && (
        <span class="dim progress" dir="auto">
          {progress}
        </span>
      )}
    </div>
  )
}

export function StoryBody({ story }: { readonly story: RunStory }): VNode {
  const { outputs, tools, notes, error } = story
  return (
    <div class="story">
      {notes.length > 0 && <Notes notes={notes} />}
      {tools.length > 0 && (
        <ul class="tools" aria-label="Tools">
          {tools.map((use) => (
            <Tool key={use.callId} use={use} worker={story.worker?.name ?? ''} />
          ))}
        </ul>
      )}
      <div class="outputs" aria-live="polite">
        {outputs.map(({ id, name, parts }) => (
          <section key={id} class="output">
            {name !== undefined && (
              <h3>
                <bdi>{name}</bdi>
              </h3>
            )}
            <Content parts={parts} />
          </section>
        ))}
      </div>
      {error !== undefined && <ErrorBox error={error} />}
    </div>
  )
}

function Notes({ notes }: { readonly notes: readonly Note[] }): VNode {
  return (
    <ul class="notes" aria-label="On the way">
      {notes.map(({ atMs, text, code }, place) => (
        <li key={place}>
          <span class="dim num">{duration(atMs)}</span> <span dir="auto">{text}</span>
          {code !== undefined && <code class="dim"> {code}</code>}
        </li>
      ))}
    </ul>
  )
}

function Tool({ use, worker }: { readonly use: ToolUse; readonly worker: string }): VNode {
  const { tool, input, output, text, error, node = worker, tookMs } = use
  const state = tookMs === undefined ? 'busy' : error === undefined ? 'good' : 'bad'
  return (
    <li>
      <details>
        <summary>
          <i class={`dot ${state}`} aria-hidden="true" />
          <bdi class="mono">{tool}</bdi>
          <span class="dim">
            {' on '}
            <Name text={node} />
          </span>
          <span class="dim num took">{tookMs === undefined ? 'runs' : duration(tookMs)}</span>
        </summary>
        {input !== undefined && <JsonView value={input} />}
        {text !== '' && (
          <p class="said" dir="auto">
            {text}
          </p>
        )}
        {output !== undefined && <JsonView value={output} />}
      </details>
      {error !== undefined && (
        <p class="wrong">
          <span dir="auto">{error.message}</span> <code class="dim">{error.code}</code>
        </p>
      )}
    </li>
  )
}
