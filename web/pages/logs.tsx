/** What the node says of its work, as it says it; and how much it says. */
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { LOG_LEVELS } from '../../core/log-filter.ts'
import { useStream } from '../asking.tsx'
import { useDashboard, useShortcut } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { count } from '../format.ts'
import { refine } from '../location.tsx'
import { EMPTY_BOOK, linesWith, MOST_LINES, ndjsonOf, withLines } from '../model/log-lines.ts'
import type { KeptLine, LogBook } from '../model/log-lines.ts'
import { Choices } from '../parts/choices.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Filter } from '../parts/filter.tsx'
import type { Route } from '../route.ts'
import { LevelSwitch } from './logs/level-switch.tsx'
import { LineList } from './logs/line-list.tsx'

/** Kept lines that are asked for at the beginning. */
const FIRST_LINES = 1000
/** The node's own, where nothing else is chosen. */
const USUAL_LEVEL = 'info'

function Logs({ route }: { readonly route: Route }): VNode {
  const { level = USUAL_LEVEL, component = '', peer = '', task = '', q = '' } = route.query
  const { book, state } = useBook({ level, component, peer, task })
  /** Lines up to there are shown while it is held. */
  const heldAt = useSignal<number | undefined>(undefined)
  const held = heldAt.value
  const shown = useMemo(() => {
    const upTo = held === undefined ? book.lines : book.lines.filter(({ seq }) => seq < held)
    return linesWith(upTo, q)
  }, [book, held, q])
  const tell = (change: Readonly<Record<string, string>>): void => {
    heldAt.value = undefined
    refine(route, { ...route.query, ...change })
  }
  const hold = (): void => {
    heldAt.value = held === undefined ? book.next : undefined
  }
  useShortcut('p', 'hold the log still, or let it go on', hold)
  return (
    <div class="logs">
      <Head route={route} tell={tell} />
      {state.is === 'failed' && <ErrorBox error={state.error} />}
      <LineList
        lines={shown}
        isHeld={held !== undefined}
        onComponent={(value) => tell({ component: value })}
        onTask={(value) => tell({ task: value })}
      />
      <footer class="row">
        <button type="button" aria-pressed={held !== undefined} onClick={hold}>
          {held === undefined ? 'Hold' : `Go on (${count(book.next - held)} new)`}
        </button>
        <CopyLines lines={shown} />
        <span class="dim num" role="status">
          {stateWords(state.is)} · {count(shown.length)} lines
          {book.dropped > 0 && `, the newest of ${count(MOST_LINES)} kept here`}
        </span>
        <span class="grow" />
        <LevelSwitch />
      </footer>
    </div>
  )
}

interface LogFilter {
  readonly level: string
  readonly component: string
  readonly peer: string
  readonly task: string
}

/** The lines that fit, as the node has kept them and as they come. */
function useBook({ level, component, peer, task }: LogFilter) {
  const { client } = useDashboard()
  const book = useSignal<LogBook>(EMPTY_BOOK)
  const query = {
    level,
    follow: true,
    limit: FIRST_LINES,
    ...(component !== '' && { component }),
    ...(peer !== '' && { peer }),
    ...(task !== '' && { task })
  }
  const state = useStream(JSON.stringify(query), {
    open: (signal) => client.logs(query, { signal }),
    begin: () => (book.value = EMPTY_BOOK),
    take: (lines) => (book.value = withLines(book.value, lines))
  })
  return { book: book.value, state }
}

interface HeadProps {
  readonly route: Route
  readonly tell: (change: Readonly<Record<string, string>>) => void
}

function Head({ route, tell }: HeadProps): VNode {
  const { level = USUAL_LEVEL, component = '', peer = '', task = '', q = '' } = route.query
  return (
    <header class="page-head">
      <h1>Logs</h1>
      <Choices
        label="Level"
        value={level}
        options={LOG_LEVELS.map((one) => [one, one] as const)}
        onChoose={(value) => tell({ level: value })}
      />
      <div class="row filters">
        <Field
          label="Component"
          value={component}
          onChange={(value) => tell({ component: value })}
        />
        <Field label="Task" value={task} onChange={(value) => tell({ task: value })} />
        <Field label="Peer" value={peer} onChange={(value) => tell({ peer: value })} />
        <Filter
          value={q}
          what="lines"
          onInput={(value) => refine(route, { ...route.query, q: value })}
        />
      </div>
    </header>
  )
}

function stateWords(state: string): string {
  return state === 'lost'
    ? 'no contact, trying again'
    : state === 'failed'
      ? 'stopped'
      : 'following'
}

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Asked of the node when it is left, not with each key. */
function Field({ label, value, onChange }: FieldProps): VNode {
  return (
    <input
      class="select"
      aria-label={label}
      placeholder={label}
      autocomplete="off"
      spellcheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value.trim())}
    />
  )
}

/** Made only when somebody wants it: it may be megabytes. */
function CopyLines({ lines }: { readonly lines: readonly KeptLine[] }): VNode {
  const { clock } = useDashboard()
  const word = useSignal('Copy as NDJSON')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(ndjsonOf(lines))
      word.value = `Copied ${count(lines.length)} lines`
    } catch {
      word.value = 'Not copied'
    }
    clock.after(2000, () => (word.value = 'Copy as NDJSON'))
  }
  return (
    <button type="button" disabled={lines.length === 0} onClick={() => void copy()}>
      <span role="status">{word}</span>
    </button>
  )
}

export const page: Page = {
  id: 'logs',
  title: 'Logs',
  key: 'l',
  order: 80,
  icon: 'M5 4h14v16H5zM8 8h8M8 12h8M8 16h5',
  view: Logs
}
