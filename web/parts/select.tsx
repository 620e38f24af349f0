/** One of many, or all of them. */
import type { VNode } from 'preact'

export interface SelectProps {
  readonly label: string
  /** Empty: all. */
  readonly value: string
  /** What stands for all. */
  readonly none: string
  readonly options: readonly string[]
  readonly onChoose: (value: string) => void
}

export function Select({ label, value, none, options, onChoose }: SelectProps): VNode {
  // What is chosen may have gone meanwhile.
  const all = value === '' || options.includes(value) ? options : [value, ...options]
  return (
    <select
      class="select"
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      <option value="">{none}</option>
      {all.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  )
}
