/** The panes of `lumos top`: what each is called, which key opens it, and the rows it shows. */
import type { Data, Part } from './data.ts'
import { AGENTS_TABLE } from './agents-table.ts'
import { createListing, type Listing, type Table, type Wish } from './listing.ts'
import { LOGS_TABLE } from './logs-table.ts'
import { peerRows, PEERS_TABLE } from './peers-table.ts'
import { SPACES_TABLE } from './spaces-table.ts'
import type { Sort } from './table.ts'
import { TASKS_TABLE } from './tasks-table.ts'

export const PANE_IDS = ['peers', 'tasks', 'agents', 'memory', 'logs'] as const
export type PaneId = (typeof PANE_IDS)[number]

export interface Pane {
  readonly title: string
  /** Keys that open it, besides its number. */
  readonly keys: readonly string[]
  /** What it cannot do without. */
  readonly part: Part
  /** What is said where there are no rows. */
  readonly empty: string
  readonly sort: Sort
  /** Columns that can be sorted by, and whether the largest come first then. */
  readonly sorts: readonly Sort[]
  /** Undefined while the node has not told. */
  readonly list: (data: Data, wish: Wish) => Listing | undefined
}

function pane<Row>(
  table: Table<Row>,
  rowsOf: (data: Data) => readonly Row[] | undefined,
  about: Pick<Pane, 'title' | 'keys' | 'part' | 'empty'>
): Pane {
  return {
    ...about,
    sort: table.sort,
    sorts: table.columns.flatMap(({ title, order, descends = false }) =>
      order === undefined ? [] : { title, descending: descends }
    ),
    list(data, wish) {
      const rows = rowsOf(data)
      return rows === undefined ? undefined : createListing(table, rows, wish)
    }
  }
}

export const PANES: Readonly<Record<PaneId, Pane>> = {
  peers: pane(PEERS_TABLE, (data) => (data.peers === undefined ? undefined : peerRows(data)), {
    title: 'Peers',
    keys: ['p', 'P'],
    part: 'peers',
    empty: 'no peers yet: lumos invite lets another machine in'
  }),
  tasks: pane(TASKS_TABLE, ({ tasks }) => tasks, {
    title: 'Tasks',
    keys: ['t', 'T'],
    part: 'tasks',
    empty: 'no tasks: lumos run echo hello'
  }),
  agents: pane(AGENTS_TABLE, ({ agents }) => agents, {
    title: 'Agents',
    keys: ['a', 'A'],
    part: 'agents',
    empty: 'no agents here or on peers'
  }),
  memory: pane(SPACES_TABLE, ({ spaces }) => spaces, {
    title: 'Gossip',
    keys: ['g', 'G', 'm', 'M'],
    part: 'spaces',
    empty: 'nothing is shared yet: lumos memory put KEY VALUE'
  }),
  logs: pane(LOGS_TABLE, ({ logs }) => logs, {
    title: 'Logs',
    keys: ['l', 'L'],
    part: 'logs',
    empty: 'nothing was logged at this level'
  })
}
