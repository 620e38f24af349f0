/** What every page has at hand: the client, what is live, where one is, and the shortcuts. */
import { createContext } from 'preact'
import type { ComponentType } from 'preact'
import { useContext, useEffect } from 'preact/hooks'
import type { ReadonlySignal } from '@preact/signals'
import type { HttpClient } from '../client/browser.ts'
import type { WebClock } from './clock.ts'
import type { LiveStore } from './live.ts'
import type { Route } from './route.ts'
import type { Shortcuts } from './shortcuts.ts'
import type { Theme } from './theme.ts'

export interface Dashboard {
  readonly client: HttpClient
  readonly live: LiveStore
  readonly clock: WebClock
  readonly route: ReadonlySignal<Route>
  readonly shortcuts: Shortcuts
  readonly theme: Theme
  /** Forgets the token. */
  readonly signOut: () => void
}

export const DashboardContext = createContext<Dashboard | undefined>(undefined)

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext)
  if (dashboard === undefined) throw new Error('outside of the dashboard')
  return dashboard
}

/** While the component is there, `key` does `action`; `?` shows what it `does`. */
export function useShortcut(key: string, does: string, action: () => void): void {
  const { shortcuts } = useDashboard()
  useEffect(() => shortcuts.add(key, { does, action }))
}

/**
 * One page. A file in web/pages/ that exports `page` is one: nothing else has to know of it.
 * Heavy parts of it are loaded with `lazy` (web/parts/lazy.tsx).
 */
export interface Page {
  /** Behind `#/`. */
  readonly id: string
  readonly title: string
  /** With `g` before it, goes there. */
  readonly key: string
  /** In the navigation, ascending: overview 10, mesh 20, peers 30, agents 40, tasks 50, memory 60, routes 70, logs 80, doctor 90, settings 100. */
  readonly order: number
  /** `d` of an SVG path on 24 × 24, drawn as a line. */
  readonly icon: string
  readonly view: ComponentType<{ readonly route: Route }>
  /** Beside its name in the navigation; nothing for undefined. */
  readonly badge?: (live: LiveStore) => number | undefined
}
