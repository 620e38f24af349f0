/** The mesh: who is connected to whom, how near, how busy; as a picture, and as a list that says the same. */
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { MeshGraph, MeshLink, MeshNode } from '../../client/mesh-api.ts'
import { useAnswer } from '../asking.tsx'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { count, duration, percent } from '../format.ts'
import { go, refine } from '../location.tsx'
import { Badge } from '../parts/badge.tsx'
import type { Tone } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Filter } from '../parts/filter.tsx'
import { lazy } from '../parts/lazy.tsx'
import { Name } from '../parts/name.tsx'
import { Facts } from '../parts/panel.tsx'
import { sorted, Table } from '../parts/table.tsx'
import type { Column, Sorting } from '../parts/table.tsx'
import { hashOf } from '../route.ts'
import type { Route } from '../route.ts'

const Picture = lazy(async () => (await import('./mesh/picture.tsx')).Picture)

interface Row {
  readonly node: MeshNode
  readonly links: number
  /** Of the link from here; null without one. */
  readonly rttMs: number | null
}

const TONES: Readonly<Record<string, Tone>> = {
  self: 'warn',
  connected: 'good',
  connecting: 'busy',
  refused: 'bad',
  blocked: 'bad'
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'name',
    title: 'Node',
    width: 'minmax(64px,1fr)',
    cell: ({ node }) => <Name text={node.name} id={node.id} />,
    sort: ({ node }) => node.name
  },
  {
    id: 'state',
    title: 'State',
    width: '116px',
    cell: ({ node }) => <State state={node.state} />,
    sort: ({ node }) => node.state
  },
  {
    id: 'links',
    title: 'Links',
    width: '48px',
    align: 'end',
    cell: ({ links }) => count(links),
    sort: ({ links }) => links
  },
  {
    id: 'rtt',
    title: 'From here',
    width: '76px',
    align: 'end',
    rank: 'middle',
    cell: ({ rttMs }) => (rttMs === null ? '' : duration(rttMs)),
    sort: ({ rttMs }) => rttMs ?? Infinity
  }
]

function State({ state }: { readonly state: MeshNode['state'] }): VNode {
  return <Badge tone={TONES[state] ?? 'quiet'} text={state === 'self' ? 'this node' : state} />
}

/** Peers are asked for it, so not too often. */
const LOOK_MS = 10_000

function Mesh({ route }: { readonly route: Route }): VNode {
  const { client, clock, live } = useDashboard()
  const round = useSignal(0)
  useEffect(() => {
    const again = (): (() => void) =>
      clock.after(LOOK_MS, () => {
        if (document.visibilityState === 'visible') round.value += 1
        cancel = again()
      })
    let cancel = again()
    return () => cancel()
  }, [clock])
  const {
    value: graph,
    error,
    again
  } = useAnswer(
    'mesh',
    (signal) => client.mesh.graph({ signal }),
    // Who comes and goes is seen at once.
    `${round.value} ${live.peers.value?.filter(({ state }) => state === 'connected').length ?? 0}`
  )
  return (
    <>
      <header class="page-head">
        <h1>
          Mesh <span class="count num">{graph === undefined ? '' : count(graph.nodes.length)}</span>
        </h1>
        <Filter value={route.query['q'] ?? ''} what="nodes" onInput={(q) => refine(route, { q })} />
      </header>
      {error !== undefined && <ErrorBox error={error} onRetry={again} />}
      {graph !== undefined && <Graph graph={graph} route={route} />}
    </>
  )
}

function Graph({ graph, route }: { readonly graph: MeshGraph; readonly route: Route }): VNode {
  const { theme } = useDashboard()
  const sorting = useSignal<Sorting>({ id: 'links', down: true })
  const [selected] = route.path
  const words = (route.query['q'] ?? '').toLowerCase()
  const rows = rowsOf(graph).filter(({ node }) =>
    `${node.name}\n${node.id}`.toLowerCase().includes(words)
  )
  const choose = (id: string): void => go('mesh', id === selected ? [] : [id], route.query)
  const node = graph.nodes.find(({ id }) => id === selected)
  return (
    <div class="mesh">
      <div class="picture-frame">
        <Picture
          graph={graph}
          selected={selected}
          marked={words === '' ? undefined : new Set(rows.map((row) => row.node.id))}
          theme={theme.name.value}
          onChoose={choose}
        />
        <Legend graph={graph} />
      </div>
      <div class="stack">
        {node !== undefined && <NodePanel node={node} graph={graph} />}
        {graph.nodes.length === 1 && <Empty title="This node is alone" />}
        {rows.length > 0 && (
          <Table<Row>
            label="Nodes of the mesh"
            columns={COLUMNS}
            rows={sorted(rows, COLUMNS, sorting.value)}
            keyOf={(row) => row.node.id}
            selected={selected}
            onOpen={(row) => choose(row.node.id)}
            sorting={sorting.value}
            onSort={(next) => (sorting.value = next)}
          />
        )}
      </div>
    </div>
  )
}

function Legend({ graph }: { readonly graph: MeshGraph }): VNode {
  const silent = graph.nodes.filter(({ links }) => links === 'silent').length
  return (
    <p class="legend dim">
      <span>near = short round trip</span>
      <span>big = busy</span>
      <span>dashed = relayed</span>
      <span>faint = told by one end alone</span>
      {silent > 0 && <span>{silent} did not tell their links</span>}
      {graph.omitted > 0 && <span>{graph.omitted} more were not asked</span>}
    </p>
  )
}

function NodePanel({ node, graph }: { readonly node: MeshNode; readonly graph: MeshGraph }): VNode {
  const names = new Map(graph.nodes.map((one) => [one.id, one.name]))
  const links = graph.links
    .filter(({ a, b }) => a === node.id || b === node.id)
    .map((link) => ({ ...link, other: link.a === node.id ? link.b : link.a }))
    .toSorted((one, two) => (one.rttMs ?? Infinity) - (two.rttMs ?? Infinity))
  return (
    <section class="panel" aria-label={`Node ${node.name}`}>
      <header>
        <h2>
          <Name text={node.name} id={node.id} />
        </h2>
        <State state={node.state} />
      </header>
      <Facts
        facts={[
          ['Agents', node.agents === null ? 'not known' : count(node.agents)],
          ['Load', percent(node.load)],
          ['Version', node.version ?? '—'],
          ...(node.state === 'self' || node.state === 'heard'
            ? []
            : [
                [
                  'Peer',
                  <a key="peer" href={hashOf('peers', [node.id])}>
                    details and actions
                  </a>
                ] as const
              ])
        ]}
      />
      <h3>Links</h3>
      <ul class="links">
        {links.slice(0, LINKS).map((link) => (
          <li key={link.other}>
            <a href={hashOf('mesh', [link.other])}>
              <Name text={names.get(link.other) ?? ''} id={link.other} />
            </a>
            <span class="dim num">
              {link.path === 'relay' && 'relayed · '}
              {link.rttMs === null ? 'not measured' : duration(link.rttMs)}
            </span>
          </li>
        ))}
      </ul>
      {links.length > LINKS && <p class="dim">{links.length - LINKS} more</p>}
    </section>
  )
}

const LINKS = 12

function rowsOf({ self, nodes, links }: MeshGraph): readonly Row[] {
  const counts = new Map<string, number>()
  const direct = new Map<string, MeshLink>()
  for (const link of links) {
    counts.set(link.a, (counts.get(link.a) ?? 0) + 1)
    counts.set(link.b, (counts.get(link.b) ?? 0) + 1)
    if (link.a === self) direct.set(link.b, link)
    if (link.b === self) direct.set(link.a, link)
  }
  return nodes.map((node) => ({
    node,
    links: counts.get(node.id) ?? 0,
    rttMs: direct.get(node.id)?.rttMs ?? null
  }))
}

export const page: Page = {
  id: 'mesh',
  title: 'Mesh',
  key: 'g',
  order: 20,
  icon: 'M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM5 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM19 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM5 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM19 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM6.5 7.5l3.6 2.9M17.5 7.5l-3.6 2.9M6.5 16.5l3.6-2.9M17.5 16.5l-3.6-2.9',
  view: Mesh
}
