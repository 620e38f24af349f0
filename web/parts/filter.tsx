/** The field that `/` goes to. */
import type { VNode } from 'preact'

export interface FilterProps {
  readonly value: string
  readonly what: string
  readonly onInput: (value: string) => void
}

/** `what` it looks through, in words: "peers". */
export function Filter({ value, what, onInput }: FilterProps): VNode {
  return (
    <input
      type="search"
      class="filter"
      data-filter
      aria-label={`Filter ${what}`}
      placeholder={`Filter ${what}  /`}
      spellcheck={false}
      autocomplete="off"
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        onInput('')
        event.currentTarget.blur()
      }}
    />
  )
}
