/** Facts that hold the words somebody looks for, the most telling first. */
import type { VNode } from 'preact'
import { useAnswer } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { preview } from './preview.ts'

export interface SearchResultsProps {
  readonly space: string
  readonly q: string
  readonly prefix: string
  readonly selected: string
  readonly onKey: (key: string) => void
}

const HITS = 50

export function SearchResults({ space, q, prefix, selected, onKey }: SearchResultsProps): VNode {
  const { client } = useDashboard()
  const asked = useAnswer(`${space}\n${prefix}\n${q}`, (signal) =>
    client.memory.search(
      space,
      { text: q, limit: HITS, ...(prefix && { prefix }) },
      { signal, timeoutMs: 30_000 }
    )
  )
  const { value, error, isAsking } = asked
  return (
    <section class="panel keys-panel" aria-label="Found">
      {isAsking && value === undefined && (
        <p class="dim" role="status">
          Searching … the first search of a large space takes seconds.
        </p>
      )}
      {error !== undefined && <ErrorBox error={error} onRetry={asked.again} />}
      {value?.hits.length === 0 && <Empty title="Nothing holds these words." />}
      <ul>
        {value?.hits.map(({ fact }) => (
          <li key={fact.key}>
            <button
              type="button"
              class="fact-row"
              aria-current={fact.key === selected ? 'true' : undefined}
              onClick={() => onKey(fact.key)}
            >
              <bdi class="key mono">{fact.key}</bdi>
              <bdi class="preview dim">{preview(fact.value)}</bdi>
            </button>
          </li>
        ))}
      </ul>
      {value?.complete === false && (
        <p class="dim">The space holds more than can be searched: some facts cannot be found.</p>
      )}
    </section>
  )
}
