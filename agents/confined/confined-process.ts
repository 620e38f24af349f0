/**
 * A process without rights that works for this node, and that can be killed at any moment.
 *
 * Not a worker thread: V8 answers some allocations (`1:1e9`) by ending the whole process, whatever
 * the thread's resource limits say (docs/decisions/0006-the-calculator-is-a-process.md).
 */
import { fork } from 'node:child_process'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Json } from '../../core/json.ts'
import type { Job, JobDone, ProcessMessage } from './job.ts'
import { packageFolders } from './package-folders.ts'

const MIB = 1024 * 1024

/** What runs in the process. */
export interface ConfinedProgram {
  /** The script without its ending, which is `.ts` in the sources and `.js` once compiled. */
  readonly script: URL
  /** All that it imports besides its own folder, `core/` and this one. */
  readonly packages: readonly string[]
  /** Bytes of V8's old generation; a process that needs more dies. */
  readonly heap: number
}

export interface ConfinedProcess<Work extends Json, Result extends Json> {
  /** Settles when the code is loaded; rejects when the process dies first. */
  readonly ready: Promise<void>
  /** One at a time. Rejects when the process dies. */
  perform(work: Work): Promise<JobDone<Result>>
  /** Whether the child keeps this process alive: only while somebody waits for it. */
  hold(held: boolean): void
  kill(): void
  /** Resolves when the process is gone, for whatever reason. */
  readonly gone: Promise<void>
}

/** What it returns is taken on its word: the script is code of ours. */
export function startConfinedProcess<Work extends Json, Result extends Json>({
  script,
  packages,
  heap
}: ConfinedProgram): ConfinedProcess<Work, Result> {
  const path = fileURLToPath(script) + extname(import.meta.url)
  const child = fork(path, [], {
    // The node's files, variables and arguments are none of a job's business.
    env: {},
    execArgv: [
      `--max-old-space-size=${heap / MIB}`,
      '--permission',
      ...readablePaths(dirname(path), packages).map((folder) => `--allow-fs-read=${folder}`)
    ],
    // What V8 prints when memory runs out says nothing that we do not know.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  const ready = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  let answer: PromiseWithResolvers<JobDone<Result>> | undefined
  let jobs = 0

  function fail(error: Error): void {
    ready.reject(error)
    answer?.reject(error)
    gone.resolve()
  }

  // A process that dies while nobody waits is noticed at the next job, not as a crash here.
  ready.promise.catch(() => {})
  child.on('message', (message: ProcessMessage<Result>) => {
    if ('ready' in message) ready.resolve()
    else if (message.id === jobs) answer?.resolve(message)
  })
  child.on('error', fail)
  child.on('exit', (code, signal) => fail(new Error(`the process ended: ${signal ?? code}`)))

  return {
    ready: ready.promise,
    perform(work) {
      answer = Promise.withResolvers()
      child.send({ id: ++jobs, work } satisfies Job<Work>)
      return answer.promise
    },
    hold(held) {
      if (held) {
        child.ref()
        child.channel?.ref()
      } else {
        child.unref()
        child.channel?.unref()
      }
    },
    kill() {
      child.kill('SIGKILL')
    },
    gone: gone.promise
  }
}

/** All the process may read: its own code and the packages that it loads. */
function readablePaths(home: string, packages: readonly string[]): readonly string[] {
  const [here = '', core = ''] = ['./', '../../core/'].map((name) =>
    fileURLToPath(new URL(name, import.meta.url))
  )
  const folders = packages.flatMap((name) => packageFolders(name, here))
  return [
    ...new Set([join(home, sep), here, core, ...folders.map((folder) => join(folder, sep))])
  ].map((folder) => `${folder}*`)
}
