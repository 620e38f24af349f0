/** All tasks, newest first, as one table of any length. */
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { useDashboard } from '../../dashboard.tsx'
import { count, duration } from '../../format.ts'
import { go, refine } from '../../location.tsx'
import { filterTasks } from '../../model/task-filter.ts'
import type { FilteredTasks } from '../../model/task-filter.ts'
import { TaskBadge } from '../../parts/badge.tsx'
import { Choices } from '../../parts/choices.tsx'
import { Command } from '../../parts/command.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Filter } from '../../parts/filter.tsx'
import { Name } from '../../parts/name.tsx'
import { Select } from '../../parts/select.tsx'
import { sorted, Table } from '../../parts/table.tsx'
import type { Column } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { hashOf } from '../../route.ts'
import type { Route } from '../../route.ts'
import type { TaskRow, TaskRows } from '../../task-rows.ts'

const COLUMNS: readonly Column<TaskRow>[] = [
  {
    id: 'state',
    title: 'State',
    width: '132px',
    cell: ({ state }) => <TaskBadge state={state} />
  },
  {
    id: 'agent',
    title: 'Agent',
    width: 'minmax(80px,0.7fr)',
    cell: ({ agent, id }) => (
      <a href={hashOf('tasks', [id])} tabIndex={-1}>
        <Name text={agent} />
      </a>
    )
  },
  {
    id: 'input',
    title: 'Input',
    width: 'minmax(0,2fr)',
    rank: 'middle',
    cell: ({ input, error }) =>
      error === undefined ? (
        <bdi>{input.slice(0, 200)}</bdi>
      ) : (
        <>
          <bdi>{input.slice(0, 80)}</bdi> <code class="wrong">{error.code}</code>
        </>
      )
  },
  {
    id: 'node',
    title: 'From → to',
    width: 'minmax(0,1fr)',
    rank: 'low',
    cell: ({ caller, worker }) => (
      <>
        <Name text={caller.name} id={caller.id} />
        <span class="dim"> → </span>
        {worker.id === '' ? (
          <span class="dim">nobody yet</span>
        ) : (
          <Name text={worker.name} id={worker.id} />
        )}
      </>
    )
  },
  {
    id: 'took',
    title: 'Took',
    width: '80px',
    align: 'end',
    rank: 'low',
    sort: ({ tookMs }) => tookMs ?? Infinity,
    cell: ({ tookMs }) => (tookMs === null ? <span class="dim">…</span> : duration(tookMs))
  },
  {
    id: 'age',
    title: 'Begun',
    width: '92px',
    align: 'end',
    sort: ({ createdAt }) => -Date.parse(createdAt),
    cell: ({ createdAt }) => <Ago iso={createdAt} />
  }
]

const WORDS = [
  ['', 'All'],
  ['running', 'Running'],
  ['waiting', 'Waiting'],
  ['completed', 'Completed'],
  ['failed', 'Failed']
] as const

export function TaskListView({ route }: { readonly route: Route }): VNode {
  const { live } = useDashboard()
  const { rows, hasOlder } = live.tasks
  const { readOlder, failure } = useOlder(live.tasks)
  const all = rows.value
  const { state = '', agent = '', node = '', q = '', sort = '' } = route.query
  const found = useMemo(
    () => filterTasks(all ?? [], { state, agent, node, q }),
    [all, state, agent, node, q]
  )
  const sorting =
    sort === '' ? undefined : { id: sort.replace('-', ''), down: sort.startsWith('-') }
  const shown = useMemo(() => sorted(found.rows, COLUMNS, sorting), [found, sort])
  return (
    <>
      <Head route={route} found={found} />
      {failure !== undefined && <ErrorBox error={failure} onRetry={readOlder} />}
      {all === undefined ? (
        <p class="dim" role="status">
          Asking the node …
        </p>
      ) : shown.length === 0 && !hasOlder.value ? (
        <NoTasks isFiltered={all.length > 0} onAll={() => refine(route, {})} />
      ) : (
        <Table
          label="Tasks"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ id }) => id}
          onOpen={({ id }) => go('tasks', [id])}
          {...(sorting && { sorting })}
          onSort={({ id, down }) =>
            refine(route, { ...route.query, sort: `${down ? '-' : ''}${id}` })
          }
          {...(hasOlder.value && { onEnd: readOlder })}
        />
      )}
    </>
  )
}

/** One page after the other, as one scrolls. */
function useOlder(tasks: TaskRows) {
  const failure = useSignal<unknown>(undefined)
  const isReading = useSignal(false)
  const readOlder = (): void => {
    if (isReading.peek() || !tasks.hasOlder.peek()) return
    isReading.value = true
    failure.value = undefined
    tasks
      .readOlder()
      .catch((error: unknown) => (failure.value = error))
      .finally(() => (isReading.value = false))
  }
  return { readOlder, failure: failure.value }
}

function Head({ route, found }: { readonly route: Route; readonly found: FilteredTasks }): VNode {
  const { hasOlder } = useDashboard().live.tasks
  const { state = '', agent = '', node = '', q = '' } = route.query
  const tell = (change: Readonly<Record<string, string>>): void =>
    refine(route, { ...route.query, ...change })
  return (
    <header class="page-head">
      <h1>
        Tasks
        <span class="count num">
          {count(found.rows.length)}
          {hasOlder.value ? '+' : ''}
        </span>
      </h1>
      <Choices
        label="State"
        value={state}
        options={WORDS.map(([id, words]) =>
          id === '' ? ([id, words] as const) : ([id, words, found.counts[id]] as const)
        )}
        onChoose={(value) => tell({ state: value })}
      />
      <div class="row filters">
        <Select
          label="Agent"
          value={agent}
          none="all agents"
          options={found.agents}
          onChoose={(value) => tell({ agent: value })}
        />
        <Select
          label="Node"
          value={node}
          none="all nodes"
          options={found.nodes}
          onChoose={(value) => tell({ node: value })}
        />
        <Filter value={q} what="tasks" onInput={(value) => tell({ q: value })} />
      </div>
    </header>
  )
}

function NoTasks({
  isFiltered,
  onAll
}: {
  readonly isFiltered: boolean
  readonly onAll: () => void
}): VNode {
  if (isFiltered) {
    return (
      <Empty title="No task fits that.">
        <button type="button" onClick={onAll}>
          Show all
        </button>
      </Empty>
    )
  }
  return (
    <Empty title="No tasks of yours yet.">
      <p>
        Try an <a href={hashOf('agents')}>agent</a>, or ask from a terminal:
      </p>
      <Command text={'lumos run echo "hello"'} />
    </Empty>
  )
}
