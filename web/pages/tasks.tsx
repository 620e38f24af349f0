/** What is done, by whom and for whom: all tasks that one may see, and each of them whole. */
import type { VNode } from 'preact'
import { INTERRUPTED_STATES } from '../../core/a2a.ts'
import type { Page } from '../dashboard.tsx'
import type { Route } from '../route.ts'
import { TaskListView } from './tasks/task-list.tsx'
import { lazy } from '../parts/lazy.tsx'

/** With the waterfall. */
const TaskPage = lazy(async () => (await import('./tasks/task-page.tsx')).TaskPage)

function Tasks({ route }: { readonly route: Route }): VNode {
  const [id] = route.path
  return id === undefined ? <TaskListView route={route} /> : <TaskPage key={id} id={id} />
}

export const page: Page = {
  id: 'tasks',
  title: 'Tasks',
  key: 't',
  order: 50,
  icon: 'M9 6h11M9 12h11M9 18h11M4 6l1 1 2-2M4 12l1 1 2-2M4 18l1 1 2-2',
  view: Tasks,
  badge: ({ tasks }) =>
    tasks.rows.value?.filter(({ state, outgoing }) => outgoing && INTERRUPTED_STATES.has(state))
      .length
}
