/** One of many; or one of them, or all. */
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
  const words = [['', none] as const, ...all.map((option) => [option, option] as const)]
  return <Picker label={label} value={value} options={words} onChoose={onChoose} />
}

export interface PickerProps {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [value: string, words: string])[]
  readonly onChoose: (value: string) => void
}

export function Picker({ label, value, options, onChoose }: PickerProps): VNode {
  return (
    <select
      class="select"
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      {options.map(([one, words]) => (
        <option key={one} value={one}>
          {words}
        </option>
      ))}
    </select>
  )
}
