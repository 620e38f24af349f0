/** What the node runs with: each value, where it came from, and how it is changed. */
import type { VNode } from 'preact'
import type { ConfigValue } from '../../client/api.ts'
import { useAnswer } from '../asking.tsx'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { go, refine } from '../location.tsx'
import { Badge } from '../parts/badge.tsx'
import { Command } from '../parts/command.tsx'
import { Empty } from '../parts/empty.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Filter } from '../parts/filter.tsx'
import { Facts } from '../parts/panel.tsx'
import { Choices } from '../parts/choices.tsx'
import { Table } from '../parts/table.tsx'
import type { Column } from '../parts/table.tsx'
import type { Route } from '../route.ts'

const COLUMNS: readonly Column<ConfigValue>[] = [
  { id: 'key', title: 'Key', width: 'minmax(120px,2fr)', cell: ({ key }) => <code>{key}</code> },
  {
    id: 'value',
    title: 'Value',
    width: 'minmax(80px,2fr)',
    cell: ({ value }) => <code dir="auto">{textOf(value)}</code>
  },
  {
    id: 'origin',
    title: 'From',
    width: 'minmax(90px,1fr)',
    rank: 'middle',
    cell: ({ origin }) =>
      isUsual(origin) ? <span class="dim">default</span> : <Badge tone="busy" text={origin} />
  }
]

function Settings({ route }: { readonly route: Route }): VNode {
  const { client, live } = useDashboard()
  const {
    value: document,
    error,
    again
  } = useAnswer('config', (signal) => client.config({ signal }))
  const { q = '', show = '' } = route.query
  const [selected] = route.path
  const values = document?.values ?? []
  const rows = values.filter(
    ({ key, value, origin }) =>
      `${key} ${textOf(value)} ${origin}`.toLowerCase().includes(q.toLowerCase()) &&
      (show === '' || !isUsual(origin))
  )
  const chosen = values.find(({ key }) => key === selected)
  const status = live.status.value
  return (
    <>
      <header class="page-head">
        <h1>Settings</h1>
        <Filter
          value={q}
          what="settings"
          onInput={(value) => refine(route, { ...route.query, q: value })}
        />
        <Choices
          label="Which"
          value={show}
          options={[
            ['', 'All'],
            ['set', 'Set by you', values.filter(({ origin }) => !isUsual(origin)).length]
          ]}
          onChoose={(value) => refine(route, { ...route.query, show: value })}
        />
      </header>
      {error !== undefined && <ErrorBox error={error} onRetry={again} />}
      <div class={chosen === undefined ? '' : 'beside'}>
        {rows.length > 0 && (
          <Table<ConfigValue>
            label="Settings"
            columns={COLUMNS}
            rows={rows}
            keyOf={({ key }) => key}
            selected={selected}
            onOpen={({ key }) => go('settings', [key], route.query)}
          />
        )}
        {document !== undefined && rows.length === 0 && <Empty title="No setting is so" />}
        {chosen !== undefined && (
          <Chosen
            value={chosen}
            profile={status?.profile ?? 'default'}
            onClose={() => go('settings', [], route.query)}
          />
        )}
      </div>
    </>
  )
}

function Chosen({
  value: { key, value, origin },
  profile,
  onClose
}: {
  readonly value: ConfigValue
  readonly profile: string
  readonly onClose: () => void
}): VNode {
  const lumos = profile === 'default' ? 'lumos' : `lumos -P ${profile}`
  return (
    <aside class="panel details" aria-label={`Setting ${key}`}>
      <header>
        <h2>
          <code>{key}</code>
        </h2>
        <button type="button" class="quiet small" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      <Facts facts={[['From', origin]]} />
      <pre class="value" dir="auto">
        {typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)}
      </pre>
      <h3>To change it</h3>
      <p>
        <Command text={`${lumos} config set ${key} VALUE`} />
      </p>
      <p>
        <Command text={`${lumos} down && ${lumos} up`} />
      </p>
      {!isUsual(origin) && !origin.startsWith('file') && (
        <p class="dim">A value of {origin} goes before what is in the file.</p>
      )}
    </aside>
  )
}

function isUsual(origin: string): boolean {
  return origin === 'default'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export const page: Page = {
  id: 'settings',
  title: 'Settings',
  key: 's',
  order: 100,
  icon: 'M4 7h10M18 7h2M4 17h4M12 17h8M16 5v4M10 15v4',
  view: Settings
}
