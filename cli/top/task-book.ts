/** Tasks of the node as pages of them come: the newest each time, older ones when somebody looks for them. */
import type { TaskList } from '../../client/api.ts'
import type { Task } from './data.ts'

/** Asked for each time; more than a screen holds. Those that changed last come first. */
export const NEWEST_TASKS = 200
/** Fewer questions when all are wanted. */
const PAGE = 500
/** A screen of 60 rows has 150 pages of them; `lumos tasks ls` has the rest. */
const MOST = 10_000

export type ReadTasks = (query: { limit: number; cursor?: string }) => Promise<TaskList>

export interface TaskBook {
  /** `whole`: also the older ones; all of them the first time, then a page each time. */
  read(read: ReadTasks, whole: boolean): Promise<void>
  readonly tasks: readonly Task[]
  readonly hasMore: boolean
}

/** A walk from the newest task to the oldest. */
interface Round {
  readonly seen: Set<string>
  cursor: string
}

export function createTaskBook(): TaskBook {
  const known = new Map<string, Task>()
  let round: Round | undefined
  let isComplete = false
  let hasMore = false

  function add({ tasks }: TaskList): void {
    for (const task of tasks) {
      known.set(task.id, task)
      round?.seen.add(task.id)
    }
  }

  /** What is gone at the node goes here when all others were seen. */
  function endRound({ seen }: Round): void {
    for (const id of known.keys()) if (!seen.has(id)) known.delete(id)
    round = undefined
    isComplete = true
  }

  /** Whether there is more of them. */
  async function readOlder(read: ReadTasks): Promise<boolean> {
    const current = round
    if (current === undefined) return false
    const page = await read({ limit: PAGE, cursor: current.cursor })
    add(page)
    current.cursor = page.next
    if (page.next === '' || current.seen.size >= MOST) endRound(current)
    return round !== undefined
  }

  return {
    get tasks() {
      return [...known.values()]
    },
    get hasMore() {
      return hasMore && !isComplete
    },
    async read(read, whole) {
      const page = await read({ limit: NEWEST_TASKS })
      hasMore = page.next !== ''
      // Who comes back to the old ones wants them as they are then.
      if (!whole || !hasMore) {
        known.clear()
        round = undefined
        isComplete = false
      } else round ??= { seen: new Set(), cursor: page.next }
      add(page)
      const pages = isComplete ? 1 : Math.ceil(MOST / PAGE)
      for (let done = 0; done < pages; done += 1) {
        // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ends
        if (!(await readOlder(read))) return
      }
    }
  }
}
