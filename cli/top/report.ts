/** What `lumos top` tells where nobody looks: one frame as text, or a line of JSON for each look. */
import type { Clock } from '../../core/clock.ts'
import { NO_DATA, type Data } from './data.ts'
import { Feed, type TopSource } from './feed.ts'
import { render } from './frame.ts'
import { PANES, type PaneId } from './panes.ts'
import { createView, type View } from './view.ts'

export interface Look {
  /** One frame of all that is known. */
  frame(size: { columns: number; rows?: number; colour: boolean }): string[]
  /** The same as a document. */
  document(): object
}

export interface Report {
  look(): Promise<Look>
  close(): Promise<void>
}

export interface ReportComponents {
  readonly source: TopSource
  readonly clock: Clock
}

/** More than any list has. */
const ALL_ROWS = 100_000

/** Looks at the node once for each call; the last one must be followed by `close`. */
export function createReport({ source, clock }: ReportComponents, pane: PaneId): Report {
  let data: Data = NO_DATA
  const view = createView({ pane, intervalMs: 0 })
  const feed = new Feed({
    source,
    clock,
    now: () => data,
    apply(change) {
      data = change(data)
    }
  })
  const { level } = view
  return {
    async look(): Promise<Look> {
      await feed.collectOnce({ pane, open: undefined, level, whole: false })
      const seen = data
      return {
        frame: (size) => frameOf(seen, view, { ...size, now: clock.now() }),
        document: () => documentOf(seen, pane, clock.now())
      }
    },
    async close() {
      await feed.close()
    }
  }
}

interface FrameInit {
  readonly columns: number
  readonly rows?: number
  readonly colour: boolean
  readonly now: number
}

/** Without a height it is as long as it needs. */
function frameOf(data: Data, view: View, { columns, rows, colour, now }: FrameInit): string[] {
  const listing = PANES[view.pane].list(data, view.panes[view.pane])
  const needed = Math.min(ALL_ROWS, (listing?.keys.length ?? 0) + 8)
  const state = { view, data, listing, now, lateMs: 0 }
  const lines = render(state, { columns, rows: rows ?? Math.max(24, needed), colour, still: true })
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
}

function documentOf(data: Data, pane: PaneId, now: number): object {
  const { status, vitals, peerVitals, peers, tasks, agents, spaces, logs, lost, failures } = data
  const head = { v: 1, at: new Date(now).toISOString(), pane, connected: lost === undefined }
  if (lost !== undefined) return { ...head, error: lost.error }
  const shown = {
    peers: { peers, ...(vitals && { measured: peerVitals }) },
    tasks: { tasks },
    agents: { agents },
    memory: { spaces },
    logs: { lines: logs }
  }[pane]
  const failed = Object.keys(failures).length === 0 ? {} : { failures }
  return { ...head, status, vitals: vitals?.now ?? null, ...shown, ...failed }
}
