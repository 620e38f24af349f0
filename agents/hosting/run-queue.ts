/** What one run of a hosted agent said and its reader has not taken yet. */

export interface RunQueue<T> extends AsyncIterable<T> {
  push(item: T, bytes: number): void
  /** After what was pushed: the end, or what it failed with. */
  finish(error?: unknown): void
}

/** `onTaken` is told how many bytes its reader has taken, or left behind. */
export function createRunQueue<T>(onTaken: (bytes: number) => void): RunQueue<T> {
  const items: { readonly item: T; readonly bytes: number }[] = []
  let end: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined

  async function* read(): AsyncGenerator<T, void> {
    try {
      for (;;) {
        const next = items.shift()
        if (next !== undefined) {
          onTaken(next.bytes)
          yield next.item
        } else if (end !== undefined) {
          // oxlint-disable-next-line typescript/only-throw-error -- the reason of a signal is what it is
          if (end.error !== undefined) throw end.error
          return
        } else {
          // oxlint-disable-next-line no-await-in-loop -- waits for the next item
          await new Promise<void>((resolve) => (wake = resolve))
        }
      }
    } finally {
      end ??= { error: undefined }
      for (const { bytes } of items.splice(0)) onTaken(bytes)
    }
  }

  return {
    push(item, bytes) {
      if (end !== undefined) return onTaken(bytes)
      items.push({ item, bytes })
      wake?.()
    },
    finish(error) {
      end ??= { error }
      wake?.()
    },
    [Symbol.asyncIterator]: read
  }
}
