/** The dashboard as a whole: the sign-in, or the shell with one page in it. */
import type { VNode } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { DashboardContext } from './dashboard.tsx'
import type { Dashboard, Page } from './dashboard.tsx'
import { go } from './location.tsx'
import { ErrorBoundary } from './parts/error-boundary.tsx'
import { Help } from './parts/help.tsx'
import { Navigation } from './parts/navigation.tsx'
import { SignIn } from './parts/sign-in.tsx'
import { TopBar } from './parts/top-bar.tsx'
import { HOME } from './route.ts'
import type { Session } from './session.ts'

/** Files in web/pages/ itself that export `page`; what belongs to one alone lies in a folder beside it. */
const PAGES: readonly Page[] = Object.values(
  import.meta.glob<{ readonly page: Page }>('./pages/*.tsx', { eager: true })
)
  .map(({ page }) => page)
  .toSorted((a, b) => a.order - b.order)

export interface AppProps {
  readonly session: Session
  readonly open: (token: string) => Dashboard
  /** A code is being exchanged: nobody has to be asked for a token yet. */
  readonly isOpening: boolean
}

export function App({ session, open, isOpening }: AppProps): VNode {
  const token = session.token.value
  if (token === undefined) return <SignIn session={session} isOpening={isOpening} />
  return <Shell key={token} token={token} open={open} />
}

function Shell({ token, open }: Pick<AppProps, 'open'> & { readonly token: string }): VNode {
  const dashboard = useMemo(() => open(token), [open, token])
  const showsHelp = useSignal(false)
  useEffect(() => () => dashboard.live.stop(), [dashboard])
  useEffect(() => watchBrowser(dashboard), [dashboard])
  useEffect(() => addShortcuts(dashboard, () => (showsHelp.value = true)), [dashboard])
  const route = dashboard.route.value
  const page = PAGES.find(({ id }) => id === route.page) ?? PAGES.find(({ id }) => id === HOME)
  useEffect(() => {
    document.title = `${page?.title ?? ''} · ${dashboard.live.status.value?.name ?? 'Lumos'}`
  })
  return (
    <DashboardContext.Provider value={dashboard}>
      <a class="skip" href="#main" onClick={focusMain}>
        To the page
      </a>
      <TopBar onHelp={() => (showsHelp.value = true)} />
      <Navigation pages={PAGES} current={page?.id ?? ''} />
      <main id="main" tabIndex={-1} aria-label={page?.title}>
        {page !== undefined && (
          <ErrorBoundary key={page.id}>
            <page.view route={route} />
          </ErrorBoundary>
        )}
      </main>
      {showsHelp.value && <Help onClose={() => (showsHelp.value = false)} />}
    </DashboardContext.Provider>
  )
}

/** The hash is the place in the dashboard: the link moves the focus alone. */
function focusMain(event: Event): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#main')?.focus()
}

function addShortcuts({ shortcuts, theme }: Dashboard, help: () => void): () => void {
  const remove = [
    shortcuts.add('?', { does: 'show the keys', action: help }),
    shortcuts.add('/', { does: 'filter what is shown', action: focusFilter }),
    shortcuts.add('t', { does: 'dark, light or as the system has it', action: theme.turn }),
    ...PAGES.map(({ id, title, key }) =>
      shortcuts.add(`g ${key}`, { does: `go to ${title}`, action: () => go(id) })
    )
  ]
  return () => {
    for (const one of remove) one()
  }
}

function focusFilter(): void {
  const filter = document.querySelector<HTMLInputElement>('main [data-filter]')
  filter?.focus()
  filter?.select()
}

/** Keys, and what tells that the page was away. */
function watchBrowser({ live, shortcuts, clock }: Dashboard): () => void {
  const stop = new AbortController()
  const { signal } = stop
  const wake = (): void => {
    if (document.visibilityState === 'visible') live.wake()
  }
  document.addEventListener('visibilitychange', wake, { signal })
  addEventListener('online', wake, { signal })
  addEventListener('pageshow', wake, { signal })
  addEventListener(
    'keydown',
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return
      if (shortcuts.press(event.key, clock.now())) event.preventDefault()
    },
    { signal }
  )
  return () => stop.abort()
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  )
}
