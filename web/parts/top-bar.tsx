/** Whose dashboard this is, and whether what it shows is true just now. */
import type { VNode } from 'preact'
import { useDashboard } from '../dashboard.tsx'
import type { LinkState } from '../live.ts'
import { THEMES } from '../theme.ts'
import { Badge } from './badge.tsx'
import type { Tone } from './badge.tsx'
import { Icon } from './icon.tsx'
import { Name } from './name.tsx'

const LINKS: Readonly<Record<LinkState, { readonly tone: Tone; readonly text: string }>> = {
  connecting: { tone: 'busy', text: 'connecting' },
  live: { tone: 'good', text: 'live' },
  polling: { tone: 'warn', text: 'every 3 s' },
  lost: { tone: 'bad', text: 'no contact' }
}

const THEME_ICONS = {
  system: 'M3 5h18v11H3zM9 20h6M12 16v4',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.5 1.5M17.5 17.5 19 19M5 19l1.5-1.5M17.5 6.5 19 5'
} as const

export function TopBar({ onHelp }: { readonly onHelp: () => void }): VNode {
  const { live, theme, signOut } = useDashboard()
  const status = live.status.value
  const next = THEMES[(THEMES.indexOf(theme.name.value) + 1) % THEMES.length]
  return (
    <header class="top-bar">
      <a class="mark" href="#/" aria-label="Lumos, overview">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M16 16 7 9M16 16l10-6M16 16l-6 9M16 16l8 8" />
          <circle cx="16" cy="16" r="4.5" />
          <circle cx="7" cy="9" r="2.2" />
          <circle cx="26" cy="10" r="2.2" />
          <circle cx="10" cy="25" r="2.2" />
          <circle cx="24" cy="24" r="2.2" />
        </svg>
      </a>
      <div class="who">
        {status !== undefined && <Name text={status.name} id={status.peerId} />}
        {status !== undefined && (
          <span class="dim swarm">
            in <Name text={status.swarm} id={status.swarmId} />
          </span>
        )}
      </div>
      <span role="status" class="link-state">
        <Badge {...LINKS[live.link.value]} />
      </span>
      <button
        type="button"
        class="quiet square"
        aria-label={`Colours: ${theme.name.value}. Change to ${next}`}
        title={`Colours: ${theme.name.value} (t)`}
        onClick={theme.turn}
      >
        <Icon path={THEME_ICONS[theme.name.value]} />
      </button>
      <button
        type="button"
        class="quiet square"
        aria-label="Keys"
        title="Keys (?)"
        onClick={onHelp}
      >
        ?
      </button>
      <button type="button" class="quiet small sign-out" onClick={signOut}>
        Sign out
      </button>
    </header>
  )
}
