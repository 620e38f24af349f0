/** Dark, light, or as the system has it: a choice that outlives the tab. */
import { signal } from '@preact/signals-core'
import type { ReadonlySignal } from '@preact/signals-core'

export const THEMES = ['system', 'dark', 'light'] as const
export type ThemeName = (typeof THEMES)[number]

export interface Theme {
  readonly name: ReadonlySignal<ThemeName>
  /** The next of THEMES. */
  readonly turn: () => void
}

const KEY = 'lumos.theme'

/** `show` puts it on the page. */
export function createTheme(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  show: (name: ThemeName) => void
): Theme {
  const kept = storage.getItem(KEY)
  const name = signal<ThemeName>(THEMES.find((one) => one === kept) ?? 'system')
  show(name.value)
  return {
    name,
    turn() {
      name.value = THEMES[(THEMES.indexOf(name.value) + 1) % THEMES.length] ?? 'system'
      storage.setItem(KEY, name.value)
      show(name.value)
    }
  }
}
