/** A few ways to look at the same: one of them is chosen. */
import type { VNode } from 'preact'

export interface ChoicesProps {
  readonly label: string
  readonly value: string
  /** Value and words, and how many there are of it. */
  readonly options: readonly (readonly [value: string, words: string, count?: number])[]
  readonly onChoose: (value: string) => void
}

export function Choices({ label, value, options, onChoose }: ChoicesProps): VNode {
  return (
    <div class="choices" role="group" aria-label={label}>
      {options.map(([id, words, count]) => (
        <button
          key={id}
          type="button"
          class="quiet"
          aria-pressed={id === value}
          onClick={() => onChoose(id)}
        >
          {words}
          {count !== undefined && count > 0 && <span class="num dim"> {count}</span>}
        </button>
      ))}
    </div>
  )
}
