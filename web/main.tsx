/** The beginning of the dashboard: what belongs to the browser is found here, and handed on. */
import { render } from 'preact'
import { createApi, exchangeCode } from './api.ts'
import { App } from './app.tsx'
import { webClock } from './clock.ts'
import type { Dashboard } from './dashboard.tsx'
import { createLiveStore } from './live.ts'
import { createLocation } from './location.tsx'
import { codeIn, createSession } from './session.ts'
import { createShortcuts } from './shortcuts.ts'
import { createTheme } from './theme.ts'

const url = location.origin
const theme = createTheme(localStorage, (name) => {
  if (name === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = name
})
const session = createSession({
  storage: sessionStorage,
  exchange: (code) => exchangeCode(url, code)
})
const shortcuts = createShortcuts()

// A code is good once: it leaves the address before anything else is done with it.
const code = codeIn(location.hash)
if (code !== undefined) {
  history.replaceState(null, '', '#/')
  session.refused()
  void session.signIn(code)
}
const route = createLocation(window)

function open(token: string): Dashboard {
  const client = createApi(url, token)
  const live = createLiveStore({
    client,
    clock: webClock,
    listen: (after, signal) =>
      client.watch(['peers', 'agents', 'tasks'], { signal, ...(after !== undefined && { after }) }),
    onFrame: (action) => void requestAnimationFrame(action),
    isVisible: () => document.visibilityState === 'visible',
    onRefused: (reason) => session.refused(reason),
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32
  })
  return {
    client,
    live,
    clock: webClock,
    route,
    shortcuts,
    theme,
    signOut: () => session.refused()
  }
}

const root = document.querySelector('#app')
if (root !== null)
  render(<App session={session} open={open} isOpening={code !== undefined} />, root)
