/** Shared memory: what is known in each space, who wrote it, what changes, and whether all nodes have the same. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import { useAnswer } from '../asking.tsx'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { go } from '../location.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Select } from '../parts/select.tsx'
import type { Route } from '../route.ts'
import { FactPanel } from './memory/fact-panel.tsx'
import { LevelView } from './memory/level-view.tsx'
import { SearchResults } from './memory/search-results.tsx'
import { SyncLine } from './memory/sync-line.tsx'
import { WriteDialog } from './memory/write-dialog.tsx'

/** The one that every node has. */
const EVERYBODY = 'shared'

function Memory({ route }: { readonly route: Route }): VNode {
  const [space = EVERYBODY] = route.path
  const { prefix = '', key = '', q = '' } = route.query
  const isWriting = useSignal(false)
  const tell = (change: Readonly<Record<string, string>>): void =>
    go('memory', [space], { ...route.query, ...change })
  const list = { space, prefix, selected: key, onKey: (to: string) => tell({ key: to }) }
  return (
    <>
      <Head
        key={space}
        space={space}
        q={q}
        onSearch={(words) => tell({ q: words, key: '' })}
        onWrite={() => (isWriting.value = true)}
      />
      <SyncLine space={space} />
      <div class={`memory two-columns ${key === '' ? '' : 'has-fact'}`}>
        {q === '' ? (
          <LevelView
            key={`${space}\n${prefix}`}
            {...list}
            onFolder={(to) => tell({ prefix: to, key: '' })}
          />
        ) : (
          <SearchResults {...list} q={q} />
        )}
        {key !== '' && (
          <FactPanel
            key={`${space}\n${key}`}
            space={space}
            name={key}
            onClose={() => tell({ key: '' })}
          />
        )}
      </div>
      {isWriting.value && (
        <WriteDialog
          space={space}
          prefix={prefix}
          onClose={() => (isWriting.value = false)}
          onWritten={(written) => tell({ key: written, q: '' })}
        />
      )}
    </>
  )
}

interface HeadProps {
  readonly space: string
  readonly q: string
  readonly onSearch: (words: string) => void
  readonly onWrite: () => void
}

function Head({ space, q, onSearch, onWrite }: HeadProps): VNode {
  const { client } = useDashboard()
  const asked = useAnswer('spaces', (signal) => client.spaces.list({ signal }))
  const words = useSignal(q)
  const names = asked.value?.spaces.map(({ name }) => name) ?? [space]
  return (
    <header class="page-head">
      <h1>Memory</h1>
      <div class="row filters">
        {names.length > 1 && (
          <Select
            label="Space"
            value={space === EVERYBODY ? '' : space}
            none={EVERYBODY}
            options={names.filter((name) => name !== EVERYBODY)}
            onChoose={(name) => go('memory', name === '' ? [] : [name])}
          />
        )}
        <form
          class="search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault()
            onSearch(words.value.trim())
          }}
        >
          <input
            type="search"
            class="filter"
            data-filter
            aria-label="Search the space by words"
            placeholder="Search by words  /"
            autocomplete="off"
            value={words}
            onInput={({ currentTarget: { value } }) => {
              words.value = value
              if (value === '' && q !== '') onSearch('')
            }}
          />
        </form>
        <button type="button" class="primary" onClick={onWrite}>
          Write
        </button>
      </div>
      {asked.error !== undefined && <ErrorBox error={asked.error} onRetry={asked.again} />}
    </header>
  )
}

export const page: Page = {
  id: 'memory',
  title: 'Memory',
  key: 'm',
  order: 60,
  icon: 'M4 7c0-2 4-3 8-3s8 1 8 3-4 3-8 3-8-1-8-3zM4 7v10c0 2 4 3 8 3s8-1 8-3V7M4 12c0 2 4 3 8 3s8-1 8-3',
  view: Memory
}
