/** Asks the same again and again without falling over itself: a slow node is not asked twice at a time. */

export interface Asker {
  ask(): void
  stop(): void
}

/** One at a time: an answer that takes longer than the next question is waited for, and asked for once more. */
export function createAsker(work: (signal: AbortSignal) => Promise<void>): Asker {
  const stopping = new AbortController()
  const { signal } = stopping
  let isBusy = false
  let isWanted = false
  const run = async (): Promise<void> => {
    isBusy = true
    do {
      isWanted = false
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await work(signal)
    } while (isWanted && !signal.aborted)
    isBusy = false
  }
  return {
    ask() {
      isWanted = true
      if (!isBusy) void run()
    },
    stop: () => stopping.abort()
  }
}
