/** Tells who can do something, and then how that changes: answers of the same search, compared. */
import type { Clock } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import { keyOf } from './provider.ts'
import type { Provider } from './provider.ts'
import type { Finder } from './find.ts'

/** Changes that come together are told together: a node that stops takes all its agents with it. */
export const SETTLE_MS = 100
/** Loads, and peers that fell silent, change without anybody saying so. */
export const LOOK_AGAIN_MS = 2000
/** Of its places; presence tells smaller changes, which nobody wants to see. */
const LOAD_STEP = 0.1

/** `ready` when everybody who is known has been told. */
export type ProviderChange =
  | { readonly type: 'appeared' | 'changed' | 'vanished'; readonly provider: Provider }
  | { readonly type: 'ready' }

export interface FindWatchComponents {
  readonly finder: Pick<Finder, 'find'>
  readonly directory: Pick<Directory, 'events'>
  readonly clock: Pick<Clock, 'sleep'>
}

export interface FindWatchInit {
  readonly query: string
  /** Ask the DHT once, although the directory has an answer. */
  readonly wide?: boolean
}

/** Until `signal` aborts. Only the first look may ask the DHT: presence brings word of all later ones. */
export async function* watchProviders(
  { finder, directory, clock }: FindWatchComponents,
  { query, wide = false }: FindWatchInit,
  signal: AbortSignal
): AsyncIterable<ProviderChange> {
  const told = new Map<string, Provider>()
  let news = new AbortController()
  const onNews = (): void => news.abort()
  directory.events.on('changed', onNews)
  directory.events.on('removed', onNews)
  try {
    const first = await finder.find(query, { wide, signal })
    yield* differences(told, first.providers)
    yield { type: 'ready' }
    while (!signal.aborted) {
      await clock.sleep(LOOK_AGAIN_MS, AbortSignal.any([signal, news.signal]))
      if (!(await clock.sleep(SETTLE_MS, signal))) return
      news = new AbortController()
      const { providers } = await finder.find(query, { narrow: true, signal })
      yield* differences(told, providers)
    }
  } finally {
    directory.events.off('changed', onNews)
    directory.events.off('removed', onNews)
  }
}

/** What is new in `providers` against `told`, which then is what they are. */
function* differences(
  told: Map<string, Provider>,
  providers: readonly Provider[]
): Iterable<ProviderChange> {
  const gone = new Map(told)
  for (const provider of providers) {
    const key = keyOf(provider)
    const before = told.get(key)
    gone.delete(key)
    if (before !== undefined && isSame(before, provider)) continue
    told.set(key, provider)
    yield { type: before === undefined ? 'appeared' : 'changed', provider }
  }
  for (const [key, provider] of gone) {
    told.delete(key)
    yield { type: 'vanished', provider }
  }
}

function isSame(a: Provider, b: Provider): boolean {
  if (a.name !== b.name || a.connected !== b.connected || a.slots !== b.slots) return false
  if (Math.abs((a.load ?? -1) - (b.load ?? -1)) >= LOAD_STEP) return false
  // Cards are signed anew before they expire, with the same words.
  return a.card.digest === b.card.digest || contentOf(a) === contentOf(b)
}

function contentOf({ card }: Provider): string {
  return JSON.stringify({ ...card.card, signatures: undefined })
}
