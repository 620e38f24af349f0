/** Keys of the dashboard: one table, so that the help shows what there is. */

export interface Shortcut {
  readonly does: string
  readonly action: () => void
}

export interface Shortcuts {
  /** `key` as KeyboardEvent names it, or two in turn: `g p`. The returned function takes it away. */
  add(key: string, shortcut: Shortcut): () => void
  /** For the help, in the order of their making. */
  list(): readonly { readonly key: string; readonly does: string }[]
  /** Whether somebody has taken it. */
  press(key: string, atMs: number): boolean
}

/** For the second key of two. */
const PAIR_MS = 1500

export function createShortcuts(): Shortcuts {
  const all = new Map<string, Shortcut[]>()
  let first: { readonly key: string; readonly atMs: number } | undefined

  return {
    add(key, shortcut) {
      all.set(key, [...(all.get(key) ?? []), shortcut])
      return () => {
        const rest = (all.get(key) ?? []).filter((one) => one !== shortcut)
        if (rest.length === 0) all.delete(key)
        else all.set(key, rest)
      }
    },
    list: () =>
      Array.from(all, ([key, shortcuts]) => ({ key, does: shortcuts.at(-1)?.does ?? '' })),
    press(key, atMs) {
      const before = first !== undefined && atMs - first.atMs <= PAIR_MS ? `${first.key} ` : ''
      first = undefined
      const found = all.get(`${before}${key}`)?.at(-1)
      if (found !== undefined) {
        found.action()
        return true
      }
      const begins = [...all.keys()].some((one) => one.startsWith(`${key} `))
      if (begins) first = { key, atMs }
      return begins
    }
  }
}
