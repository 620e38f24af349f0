/** Writes a value: under a new key, or in place of what is known. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import type { Fact } from '../../../core/memory.ts'
import { useDashboard } from '../../dashboard.tsx'
import { readDraft } from '../../model/form.ts'
import type { Reading } from '../../model/form.ts'
import { Choices } from '../../parts/choices.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Name } from '../../parts/name.tsx'
import { useNames } from './writer.tsx'

export interface WriteDialogProps {
  readonly space: string
  /** What a new key begins with. */
  readonly prefix: string
  /** What it stands in for. */
  readonly fact?: Fact
  readonly onClose: () => void
  readonly onWritten: (key: string) => void
}

/** Milliseconds of what can be chosen. */
const LIFETIMES = [
  ['for good', 0],
  ['for an hour', 3_600_000],
  ['for a day', 86_400_000],
  ['for a week', 604_800_000]
] as const

/** What is being written. */
interface Draft {
  readonly key: Signal<string>
  readonly text: Signal<string>
  readonly isText: Signal<boolean>
  readonly ttlMs: Signal<number>
}

export function WriteDialog(props: WriteDialogProps): VNode {
  const { space, prefix, fact, onClose, onWritten } = props
  const { client } = useDashboard()
  const nameOf = useNames()
  const draft: Draft = {
    key: useSignal(fact?.key ?? prefix),
    text: useSignal(fact === undefined ? '' : textOf(fact)),
    isText: useSignal(fact === undefined || typeof fact.value === 'string'),
    ttlMs: useSignal(0)
  }
  const state = useSignal<{ readonly isBusy: boolean; readonly error?: unknown }>({ isBusy: false })
  const { value, problems } = readingOf(draft)
  const write = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (value === undefined) return
    state.value = { isBusy: true }
    const [key, ttlMs] = [draft.key.value, draft.ttlMs.value]
    try {
      await client.memory.put(space, { key, value, ...(ttlMs > 0 && { ttlMs }) })
      onClose()
      onWritten(key)
    } catch (error) {
      state.value = { isBusy: false, error }
    }
  }
  const canWrite = !state.value.isBusy && draft.key.value !== '' && problems.length === 0
  return (
    <Dialog title={fact === undefined ? 'Write' : 'Change'} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void write(event)}>
        <KeyField draft={draft} isFixed={fact !== undefined} />
        <ValueField draft={draft} />
        {fact !== undefined && (
          <p class="dim">
            It stands in for what <Name text={nameOf(fact.writer)} id={fact.writer} /> wrote, on all
            nodes of the swarm.
          </p>
        )}
        {state.value.error !== undefined && <ErrorBox error={state.value.error} />}
        <footer class="row">
          <Lifetime ttlMs={draft.ttlMs} />
          <span class="grow" />
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={!canWrite}>
            Write
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function textOf({ value }: Fact): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
}

function readingOf({ isText, text }: Draft): Reading {
  return isText.value
    ? { value: text.value, problems: [] }
    : readDraft({ kind: 'raw', label: '', required: true }, text.value)
}

function KeyField({ draft, isFixed }: { readonly draft: Draft; readonly isFixed: boolean }): VNode {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>Key</label>
      <input
        id={id}
        class="mono"
        spellcheck={false}
        autocomplete="off"
        placeholder="trips/next"
        readOnly={isFixed}
        value={draft.key}
        onInput={(event) => (draft.key.value = event.currentTarget.value)}
      />
    </div>
  )
}

function ValueField({ draft }: { readonly draft: Draft }): VNode {
  const id = useId()
  const { text, isText } = draft
  const problem = text.value === '' ? undefined : readingOf(draft).problems[0]
  return (
    <div class="field">
      <div class="row">
        <label for={id}>Value</label>
        <span class="grow" />
        <Choices
          label="Kind of value"
          value={isText.value ? 'text' : 'json'}
          options={[
            ['text', 'Text'],
            ['json', 'JSON']
          ]}
          onChoose={(kind) => (isText.value = kind === 'text')}
        />
      </div>
      <textarea
        id={id}
        class={isText.value ? '' : 'mono'}
        rows={6}
        dir="auto"
        spellcheck={isText.value}
        aria-invalid={problem !== undefined}
        value={text}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      {problem !== undefined && (
        <p class="help">
          <strong class="wrong">{problem.message}</strong>
        </p>
      )}
    </div>
  )
}

function Lifetime({ ttlMs }: Pick<Draft, 'ttlMs'>): VNode {
  return (
    <select
      class="select"
      aria-label="For how long"
      value={String(ttlMs.value)}
      onChange={(event) => (ttlMs.value = Number(event.currentTarget.value))}
    >
      {LIFETIMES.map(([words, ms]) => (
        <option key={ms} value={String(ms)}>
          {words}
        </option>
      ))}
    </select>
  )
}
