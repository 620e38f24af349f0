/** The peers: who is connected and how well, why others are not, and what can be done about it. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { Peer } from '../../client/api.ts'
import type { PeerVitals } from '../../client/vitals-api.ts'
import { useDashboard, useShortcut } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { count, duration, percent } from '../format.ts'
import { go, refine } from '../location.tsx'
import { PeerBadge } from '../parts/badge.tsx'
import { Command } from '../parts/command.tsx'
import { Empty } from '../parts/empty.tsx'
import { Filter } from '../parts/filter.tsx'
import { Name } from '../parts/name.tsx'
import { Select } from '../parts/select.tsx'
import { sorted, Table } from '../parts/table.tsx'
import type { Column, Sorting } from '../parts/table.tsx'
import type { Route } from '../route.ts'
import { ConnectDialog } from './peers/connect-dialog.tsx'
import { PeerPanel } from './peers/peer-panel.tsx'

/** A peer, and what this node itself has measured of it. */
interface Row {
  readonly peer: Peer
  readonly vitals: PeerVitals | undefined
}

const STATES = ['connected', 'connecting', 'disconnected', 'refused', 'blocked']
/** Whoever is up first. */
const ORDER: Readonly<Record<string, number>> = {
  connected: 0,
  connecting: 1,
  refused: 2,
  blocked: 3
}
const LAST = 4

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    title: 'Peer',
    width: 'minmax(96px,2fr)',
    cell: ({ peer }) => <Name text={peer.name} id={peer.id} />,
    sort: ({ peer }) => peer.name
  },
  {
    id: 'state',
    title: 'State',
    width: '124px',
    cell: ({ peer }) => <PeerBadge state={peer.state} />,
    sort: ({ peer }) => ORDER[peer.state] ?? LAST
  },
  {
    id: 'rtt',
    title: 'Round trip',
    width: '92px',
    align: 'end',
    cell: ({ peer }) => duration(peer.rttMs),
    sort: ({ peer }) => peer.rttMs ?? Infinity
  },
  {
    id: 'path',
    title: 'Path',
    width: '64px',
    rank: 'low',
    cell: ({ peer }) => <span class="dim">{peer.path ?? ''}</span>,
    sort: ({ peer }) => peer.path ?? ''
  },
  {
    id: 'load',
    title: 'Load',
    width: '96px',
    rank: 'middle',
    cell: ({ peer }) => <Load share={peer.load} />,
    sort: ({ peer }) => peer.load ?? -1
  },
  {
    id: 'agents',
    title: 'Agents',
    width: '64px',
    align: 'end',
    rank: 'middle',
    cell: ({ peer }) => count(peer.agents.length),
    sort: ({ peer }) => peer.agents.length
  },
  {
    id: 'tasks',
    title: 'Our tasks',
    width: '84px',
    align: 'end',
    rank: 'low',
    cell: ({ vitals }) => (vitals === undefined ? '' : count(vitals.running + vitals.queued)),
    sort: ({ vitals }) => (vitals === undefined ? -1 : vitals.running + vitals.queued)
  },
  {
    id: 'p95',
    title: 'p95',
    width: '76px',
    align: 'end',
    rank: 'low',
    cell: ({ vitals }) => (vitals?.p95Ms == null ? '' : duration(vitals.p95Ms)),
    sort: ({ vitals }) => vitals?.p95Ms ?? -1
  },
  {
    id: 'version',
    title: 'Version',
    width: '72px',
    rank: 'low',
    cell: ({ peer }) => <span class="dim">{peer.version ?? ''}</span>,
    sort: ({ peer }) => peer.version ?? ''
  }
]

function Load({ share }: { readonly share: number | undefined }): VNode {
  if (share === undefined) return <span class="dim">{''}</span>
  return (
    <span class="load">
      <progress value={Math.min(1, share)} aria-label={`Load ${percent(share)}`} />
      <span class="num">{percent(share)}</span>
    </span>
  )
}

function Peers({ route }: { readonly route: Route }): VNode {
  const { live } = useDashboard()
  const sorting = useSignal<Sorting>({ id: 'state', down: false })
  const isConnecting = useSignal(false)
  useShortcut('c', 'connect to a peer', () => (isConnecting.value = true))
  const { q = '', state = '' } = route.query
  const [selected] = route.path
  const peers = live.peers.value
  const vitals = new Map(live.vitals.peers.value.map((one) => [one.id, one]))
  const rows = (peers ?? [])
    .filter((peer) => fits(peer, q) && (state === '' || peer.state === state))
    .map((peer) => ({ peer, vitals: vitals.get(peer.id) }))
  const opened = peers?.find(({ id }) => id === selected)
  return (
    <>
      <Head
        route={route}
        count={peers && rows.length}
        onConnect={() => (isConnecting.value = true)}
      />
      <div class={opened === undefined ? '' : 'beside'}>
        {rows.length > 0 && (
          <Table<Row>
            label="Peers"
            columns={COLUMNS}
            rows={sorted(rows, COLUMNS, sorting.value)}
            keyOf={({ peer }) => peer.id}
            selected={selected}
            onOpen={({ peer }) => go('peers', [peer.id], route.query)}
            sorting={sorting.value}
            onSort={(next) => (sorting.value = next)}
          />
        )}
        {peers !== undefined && rows.length === 0 && <Nobody isFiltered={peers.length > 0} />}
        {opened !== undefined && (
          <PeerPanel
            peer={opened}
            vitals={vitals.get(opened.id)}
            onClose={() => go('peers', [], route.query)}
          />
        )}
      </div>
      {isConnecting.value && <ConnectDialog onClose={() => (isConnecting.value = false)} />}
    </>
  )
}

interface HeadProps {
  readonly route: Route
  /** Undefined until the node has told. */
  readonly count: number | undefined
  readonly onConnect: () => void
}

function Head({ route, count: shown, onConnect }: HeadProps): VNode {
  const { q = '', state = '' } = route.query
  return (
    <header class="page-head">
      <h1>
        Peers <span class="count num">{shown === undefined ? '' : count(shown)}</span>
      </h1>
      <Filter
        value={q}
        what="peers"
        onInput={(value) => refine(route, { ...route.query, q: value })}
      />
      <Select
        label="State"
        value={state}
        none="in any state"
        options={STATES}
        onChoose={(value) => refine(route, { ...route.query, state: value })}
      />
      <button type="button" class="primary" onClick={onConnect}>
        Connect …
      </button>
    </header>
  )
}

function Nobody({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  if (isFiltered) return <Empty title="No peer is so" />
  return (
    <Empty title="No peers yet">
      <p>Another machine of yours joins with what this prints:</p>
      <Command text="lumos invite" />
    </Empty>
  )
}

/** Each word is in its name, id, addresses, agents or how it was found. */
function fits({ name, id, addresses, agents, foundBy }: Peer, words: string): boolean {
  const text = [name, id, ...addresses, ...agents, ...foundBy].join('\n').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

export const page: Page = {
  id: 'peers',
  title: 'Peers',
  key: 'p',
  order: 30,
  icon: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2.2.8 3.5 2.8 3.5 5.5',
  view: Peers,
  badge: ({ peers }) => peers.value?.filter(({ state }) => state === 'connected').length
}
