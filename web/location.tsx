/** Where one is in the dashboard, kept by the address: back and forward work as everywhere. */
import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { hashOf, routeOf } from './route.ts'
import type { Route } from './route.ts'

export function createLocation(view: Window): ReadonlySignal<Route> {
  const route = signal(routeOf(view.location.hash))
  view.addEventListener('hashchange', () => {
    route.value = routeOf(view.location.hash)
  })
  return route
}

/** To another place. */
export function go(
  page: string,
  path?: readonly string[],
  query?: Readonly<Record<string, string>>
): void {
  location.hash = hashOf(page, path, query)
}

/** The same place, told more closely, for example what is filtered for: no step of its own for `back`. */
export function refine({ page, path }: Route, query: Readonly<Record<string, string>>): void {
  location.replace(hashOf(page, path, query))
}
