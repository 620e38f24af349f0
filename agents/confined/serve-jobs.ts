/** The inside of a confined process: does what it is asked, one job at a time, and ends with its node. */
import { runInNewContext } from 'node:vm'
import type { Json } from '../../core/json.ts'
import type { Job, JobDone, ProcessMessage } from './job.ts'

/** The node kills a process that is late first; this is for the one whose node was killed (SIGKILL). */
const ORPHAN_GRACE_MS = 2000

export interface Service<Work extends Json> {
  /** Milliseconds that one job may take. */
  readonly timeMs: number
  /** Loads what the job needs, and returns the work itself. Throws what is wrong with the job, in words. */
  readonly prepare: (work: Work) => (() => Json) | Promise<() => Json>
}

export function serveJobs<Work extends Json>({ timeMs, prepare }: Service<Work>): void {
  async function perform({ id, work }: Job<Work>): Promise<JobDone<Json>> {
    try {
      return { id, value: inTime(await prepare(work), timeMs + ORPHAN_GRACE_MS) }
    } catch (error) {
      return { id, failed: error instanceof Error ? error.message : String(error) }
    }
  }

  process.on('message', (job: Job<Work>) => void perform(job).then(tell))
  process.on('disconnect', () => process.exit())
  tell({ ready: true })
}

function tell(message: ProcessMessage<Json>): void {
  process.send?.(message)
}

type Outcome = { readonly value: Json } | { readonly error: unknown }

/** Ends this process when the work outlasts even a node that could have killed it. */
function inTime(work: () => Json, ms: number): Json {
  let outcome: Outcome | undefined
  const run = (): void => {
    try {
      outcome = { value: work() }
    } catch (error) {
      outcome = { error }
    }
  }
  try {
    // Not for safety: `vm` is Node's only way to interrupt running code from inside its process.
    runInNewContext('run()', { run }, { timeout: ms })
  } catch {
    process.exit(1)
  }
  if (outcome === undefined) throw new Error('the job did not run')
  if ('error' in outcome) throw outcome.error
  return outcome.value
}
