/** Where the time of a task went, on all nodes: asked of the node, or read from the task's own story. */
import type { VNode } from 'preact'
import type { TaskView } from '../../../client/api.ts'
import type { TaskTrace } from '../../../client/trace-api.ts'
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import { useAnswer } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { duration } from '../../format.ts'
import { codeOf } from '../../failure.ts'
import { traceOfTold } from '../../model/told-trace.ts'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Name } from '../../parts/name.tsx'
import { Panel } from '../../parts/panel.tsx'
import { WaterfallView } from './waterfall-view.tsx'

type Trace = Pick<TaskTrace, 'spans' | 'tookMs' | 'missing' | 'dropped'> & {
  /** Read from the story of the task alone. */
  readonly isTold: boolean
}

/** How often the trace of a task that runs is read anew. */
const LOOK_MS = 2000

export function TracePanel({ task }: { readonly task: TaskView }): VNode {
  const { client, live } = useDashboard()
  const isOver = TERMINAL_STATES.has(task.state)
  const look = isOver ? task.updatedAt : Math.floor(live.now.value / LOOK_MS)
  const asked = useAnswer<Trace>(
    `trace ${task.id}`,
    async (signal) => {
      try {
        const trace = await client.trace(task.id, { signal })
        if (trace.spans.length > 0) return { ...trace, isTold: false }
      } catch (error) {
        if (codeOf(error) !== 'ROUTE_UNKNOWN') throw error
      }
      const events = await Array.fromAsync(client.events(task.id, { signal, follow: false }))
      const children = (live.tasks.rows.peek() ?? []).filter(({ parent }) => parent === task.id)
      const told = traceOfTold({ task, events, children, now: live.now.peek() })
      return { ...told, missing: [], dropped: 0, isTold: true }
    },
    look
  )
  const { value: trace, error } = asked
  return (
    <Panel
      title="Where the time went"
      class="trace"
      aside={trace !== undefined && <span class="dim num">{duration(trace.tookMs)}</span>}
    >
      {trace === undefined && error === undefined && (
        <p class="dim" role="status">
          Asking the nodes …
        </p>
      )}
      {error !== undefined && <ErrorBox error={error} onRetry={asked.again} />}
      {trace !== undefined && <WaterfallView spans={trace.spans} tookMs={trace.tookMs} />}
      {trace !== undefined && <Rest trace={trace} />}
    </Panel>
  )
}

/** What is not in the picture, and why. */
function Rest({ trace }: { readonly trace: Trace }): VNode {
  const { missing, dropped, isTold } = trace
  return (
    <>
      {isTold && (
        <p class="dim">No traces of it are kept (any more): this is what the task itself told.</p>
      )}
      {missing.map(({ id, name, why }) => (
        <p key={id} class="dim">
          <Name text={name} id={id} /> told nothing: {WHY[why] ?? why}.
        </p>
      ))}
      {dropped > 0 && <p class="dim">{dropped} spans more were too many.</p>}
    </>
  )
}

const WHY: Readonly<Record<string, string>> = {
  away: 'it is not connected',
  old: 'it keeps no traces',
  late: 'it did not answer in time',
  forgotten: 'it has forgotten them'
}
