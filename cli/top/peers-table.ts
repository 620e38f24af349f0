/** The pane of peers: who is up, how far, how busy, and what they do for this node. */
import type { Peer } from '../../client/api.ts'
import type { PeerVitals } from '../../client/vitals-api.ts'
import { age, percent, shortId } from '../format.ts'
import type { Style } from '../style.ts'
import type { Data } from './data.ts'
import { flow, NOTHING, rate, time } from './figures.ts'
import { bar, heat } from './gauges.ts'
import type { Table } from './listing.ts'
import type { TableColumn } from './table.ts'

/** What the node knows of a peer, and what it measures while there is a session. */
export interface PeerRow {
  readonly id: string
  readonly name: string
  readonly peer?: Peer
  readonly vitals?: PeerVitals
}

const BAR = 4
/** Further away than that is felt. */
const FAR_MS = 250

const WORDS: Readonly<Record<Peer['state'], string>> = {
  connected: 'direct',
  connecting: 'dialing',
  disconnected: 'gone',
  refused: 'refused',
  blocked: 'blocked'
}

export function peerRows({ peers, peerVitals }: Data): readonly PeerRow[] {
  const measured = new Map(peerVitals.map((vitals) => [vitals.id, vitals]))
  const rows = (peers ?? []).map((peer): PeerRow => {
    const vitals = measured.get(peer.id)
    measured.delete(peer.id)
    return { id: peer.id, name: peer.name, peer, ...(vitals && { vitals }) }
  })
  // The two lists are of different moments.
  for (const vitals of measured.values()) rows.push({ id: vitals.id, name: vitals.name, vitals })
  return rows
}

function pathOf({ peer, vitals }: PeerRow): string {
  if (peer !== undefined && peer.state !== 'connected') return WORDS[peer.state]
  return vitals?.path ?? peer?.path ?? WORDS.connected
}

function rttOf({ peer, vitals }: PeerRow): number | undefined {
  return vitals?.rttMs ?? peer?.rttMs ?? undefined
}

function loadOf({ peer, vitals }: PeerRow): number | undefined {
  return vitals?.load ?? peer?.load
}

function loadCell(row: PeerRow): string {
  const load = loadOf(row)
  return load === undefined ? NOTHING : `${percent(load)} ${bar(load, BAR)}`
}

/** `calc echo +3`: as many as fit, and how many more there are. */
function fitting(names: readonly string[], width: number): string {
  const text = names.slice(0, width).join(' ')
  if (text.length <= width) return text
  for (let kept = Math.min(names.length, width) - 1; kept > 0; kept -= 1) {
    const shorter = `${names.slice(0, kept).join(' ')} +${names.length - kept}`
    if (shorter.length <= width) return shorter
  }
  return text
}

function paintPath(text: string, row: PeerRow, style: Style): string {
  const path = pathOf(row)
  if (path === 'direct') return style.good(text)
  return path === 'refused' || path === 'blocked' ? style.bad(text) : style.doubtful(text)
}

function measure(
  title: string,
  of: (vitals: PeerVitals) => number | null,
  write: (value: number) => string
): Pick<TableColumn<PeerRow>, 'title' | 'align' | 'cell' | 'order' | 'descends'> {
  const value = ({ vitals }: PeerRow): number | undefined =>
    vitals === undefined ? undefined : (of(vitals) ?? undefined)
  return {
    title,
    align: 'right',
    cell: (row) => {
      const known = value(row)
      return known === undefined ? NOTHING : write(known)
    },
    order: value,
    descends: true
  }
}

const COLUMNS: readonly TableColumn<PeerRow>[] = [
  {
    title: 'NAME',
    width: 12,
    most: 22,
    rank: 0,
    cell: ({ name, id }) => name || shortId(id),
    paint: (text, _, style) => style.strong(text),
    order: ({ name, id }) => name || id
  },
  { title: 'PATH', width: 7, rank: 4, cell: pathOf, paint: paintPath, order: pathOf },
  {
    title: 'RTT',
    width: 6,
    rank: 1,
    align: 'right',
    cell: (row) => time(rttOf(row)),
    paint: (text, row, style) => ((rttOf(row) ?? 0) > FAR_MS ? style.doubtful(text) : text),
    order: rttOf
  },
  {
    title: 'LOAD',
    width: BAR + 5,
    rank: 2,
    align: 'right',
    cell: loadCell,
    paint: (text, row, style) => heat(loadOf(row) ?? 0, style)(text),
    order: loadOf,
    descends: true
  },
  { ...measure('RUN', ({ running }) => running, rate), width: 4, rank: 3 },
  { ...measure('QUE', ({ queued }) => queued, rate), width: 4, rank: 6, tight: true },
  { ...measure('DONE/m', ({ donePerMinute }) => donePerMinute, rate), width: 7, rank: 5 },
  {
    ...measure('ERR/m', ({ failedPerMinute }) => failedPerMinute, rate),
    width: 6,
    rank: 7,
    tight: true,
    paint: (text, { vitals }, style) => (vitals?.failedPerMinute ? style.bad(text) : text)
  },
  { ...measure('P50', ({ p50Ms }) => p50Ms, time), width: 6, rank: 9 },
  { ...measure('P95', ({ p95Ms }) => p95Ms, time), width: 6, rank: 10 },
  { ...measure('SERVES', ({ serving }) => serving, rate), width: 7, rank: 13 },
  { ...measure('IN', ({ bytesIn }) => bytesIn, flow), width: 8, rank: 11 },
  { ...measure('OUT', ({ bytesOut }) => bytesOut, flow), width: 8, rank: 12 },
  {
    title: 'AGENTS',
    width: 7,
    most: 48,
    rank: 8,
    cell: ({ peer }, { width }) => fitting(peer?.agents ?? [], width) || NOTHING,
    paint: (text, _, style) => style.faint(text),
    order: ({ peer }) => peer?.agents.length,
    descends: true
  },
  {
    title: 'SINCE',
    width: 6,
    rank: 14,
    align: 'right',
    cell: ({ peer }, { now }) => (peer?.since === undefined ? NOTHING : age(peer.since, now)),
    order: ({ peer }) => peer?.since
  },
  {
    title: 'VERSION',
    width: 8,
    rank: 15,
    cell: ({ peer }) => peer?.version ?? NOTHING,
    order: ({ peer }) => peer?.version
  },
  {
    title: 'FOUND BY',
    width: 12,
    rank: 16,
    cell: ({ peer }) => peer?.foundBy.join(' ') || NOTHING,
    order: ({ peer }) => peer?.foundBy.join(' ')
  }
]

export const PEERS_TABLE: Table<PeerRow> = {
  columns: COLUMNS,
  key: ({ id }) => id,
  words: (row) => [row.name, row.id, pathOf(row), ...(row.peer?.agents ?? [])].join(' '),
  sort: { title: 'DONE/m', descending: true }
}
