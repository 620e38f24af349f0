/** What an operator wants to know first: what is wrong, who is up, who does what. */
import type { VNode } from 'preact'
import type { Peer, Status } from '../../client/api.ts'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { bytes, count, duration, percent } from '../format.ts'
import { TaskBadge } from '../parts/badge.tsx'
import { Command } from '../parts/command.tsx'
import { Empty } from '../parts/empty.tsx'
import { ErrorBox } from '../parts/error-box.tsx'
import { Name } from '../parts/name.tsx'
import { Facts, Panel } from '../parts/panel.tsx'
import { Ago } from '../parts/time.tsx'
import { hashOf } from '../route.ts'
import type { TaskRow } from '../task-rows.ts'
import { Vitals } from './overview/vitals.tsx'

function Overview(): VNode {
  const { live } = useDashboard()
  const status = live.status.value
  const tasks = live.tasks.rows.value
  return (
    <div class="stack overview">
      <h1 class="hidden-words">Overview</h1>
      <Problems status={status} tasks={tasks} />
      <Headline status={status} peers={live.peers.value} />
      <Vitals />
      <div class="columns">
        <Tasks tasks={tasks} />
        <div class="stack">
          <Neighbours peers={live.peers.value} />
          {status !== undefined && <ThisNode status={status} />}
        </div>
      </div>
    </div>
  )
}

/** Nothing at all while all is well. */
function Problems({
  status,
  tasks
}: {
  readonly status: Status | undefined
  readonly tasks: readonly TaskRow[] | undefined
}): VNode | null {
  const { live } = useDashboard()
  const failure = live.failure.value
  const waiting = tasks?.filter(({ question }) => question !== undefined) ?? []
  const problems = status?.problems ?? []
  if (failure === undefined && problems.length === 0 && waiting.length === 0) return null
  return (
    <section class="stack tight" aria-label="Problems">
      {failure !== undefined && <ErrorBox error={failure} onRetry={() => void live.refresh()} />}
      {problems.map((problem) => (
        <ErrorBox key={problem.message} error={problem} />
      ))}
      {waiting.length > 0 && (
        <a class="attention" href={hashOf('tasks', [], { state: 'TASK_STATE_INPUT_REQUIRED' })}>
          {waiting.length === 1
            ? 'A task waits for an answer'
            : `${waiting.length} tasks wait for an answer`}
        </a>
      )}
    </section>
  )
}

function Headline({
  status,
  peers
}: {
  readonly status: Status | undefined
  readonly peers: readonly Peer[] | undefined
}): VNode {
  const { live } = useDashboard()
  const up = peers?.filter(({ state }) => state === 'connected').length
  const running = (status?.tasks.running ?? 0) + (status?.asked.running ?? 0)
  const nodes = new Set(live.agents.value?.map(({ node }) => node.id)).size
  return (
    <div class="headline">
      <Figure value={up} of={peers?.length} words="peers up" page="peers" />
      <Figure
        value={live.agents.value?.length}
        words={`agents on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`}
        page="agents"
      />
      <Figure
        value={status === undefined ? undefined : running}
        words="tasks running"
        page="tasks"
      />
      <Figure
        value={status === undefined ? undefined : status.tasks.failed + status.asked.failed}
        words="failed since the start"
        page="tasks"
      />
    </div>
  )
}

interface FigureProps {
  readonly value: number | undefined
  readonly of?: number | undefined
  readonly words: string
  readonly page: string
}

function Figure({ value, of, words, page }: FigureProps): VNode {
  return (
    <a class="figure" href={hashOf(page)}>
      <span class="value">
        {count(value)}
        {of !== undefined && of !== value && <small> of {count(of)}</small>}
      </span>
      <span class="dim">{words}</span>
    </a>
  )
}

/** As many as one sees at a glance. */
const TASKS = 12

function Tasks({ tasks }: { readonly tasks: readonly TaskRow[] | undefined }): VNode {
  const shown = tasks?.slice(0, TASKS)
  return (
    <Panel title="Who does what" aside={<a href={hashOf('tasks')}>All tasks</a>}>
      {shown?.length === 0 && (
        <Empty title="No tasks yet">
          <Command text="lumos run text.reverse hello" />
        </Empty>
      )}
      <ul class="happenings">
        {shown?.map((task) => (
          <li key={task.id}>
            <a href={hashOf('tasks', [task.id])}>
              <TaskBadge state={task.state} />
              <span class="what">
                <Name text={task.agent} />
                <span class="dim"> on </span>
                {task.worker.id === '' ? (
                  <span class="dim">nobody yet</span>
                ) : (
                  <Name text={task.worker.name} id={task.worker.id} />
                )}
                {!task.outgoing && (
                  <span class="dim">
                    {' for '}
                    <Name text={task.caller.name} id={task.caller.id} />
                  </span>
                )}
              </span>
              <span class="num dim took">{duration(task.tookMs)}</span>
              <span class="dim when">
                <Ago iso={task.updatedAt} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

const NEIGHBOURS = 24

/** Those who are up first, then by name. */
function Neighbours({ peers }: { readonly peers: readonly Peer[] | undefined }): VNode {
  const ordered = peers?.toSorted(
    (a, b) =>
      Number(b.state === 'connected') - Number(a.state === 'connected') ||
      (a.name < b.name ? -1 : 1)
  )
  const more = (ordered?.length ?? 0) - NEIGHBOURS
  return (
    <Panel title="Peers" aside={<a href={hashOf('mesh')}>Mesh</a>}>
      {ordered?.length === 0 && (
        <Empty title="No peers yet">
          <p>Another machine of yours joins with what this prints:</p>
          <Command text="lumos invite" />
        </Empty>
      )}
      <ul class="chips">
        {ordered?.slice(0, NEIGHBOURS).map((peer) => (
          <li key={peer.id}>
            <a class={`chip ${peer.state}`} href={hashOf('peers', [peer.id])}>
              <i aria-hidden="true" />
              <Name text={peer.name} id={peer.id} />
              <span class="dim num">
                {peer.state === 'connected' ? duration(peer.rttMs) : peer.state}
                {peer.load !== undefined && peer.load > 0 && ` · ${percent(peer.load)}`}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {more > 0 && <a href={hashOf('peers')}>{more} more</a>}
    </Panel>
  )
}

function ThisNode({ status }: { readonly status: Status }): VNode {
  return (
    <Panel title="This node">
      <Facts
        facts={[
          ['Up for', duration(status.uptimeMs)],
          ['Version', status.version],
          ['Swarm', status.open ? 'open: anybody may join' : 'private'],
          ['Memory', bytes(status.rssBytes)],
          ['Worked', `${count(status.tasks.completed)} done, ${count(status.tasks.failed)} failed`],
          ['Asked', `${count(status.asked.completed)} done, ${count(status.asked.failed)} failed`],
          ['Profile', <code key="profile">{status.profile}</code>],
          ['Process', status.pid]
        ]}
      />
    </Panel>
  )
}

export const page: Page = {
  id: 'overview',
  title: 'Overview',
  key: 'o',
  order: 10,
  icon: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-4H4zM14 8h6V4h-6z',
  view: Overview
}
