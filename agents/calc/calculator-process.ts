/**
 * A process without rights that calculates, and that can be killed at any moment.
 *
 * Not a worker thread: V8 answers some allocations (`1:1e9`) by ending the whole process, whatever
 * the thread's resource limits say (docs/decisions/0006-the-calculator-is-a-process.md).
 */
import { fork } from 'node:child_process'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LIMITS } from '../../core/limits.ts'
import { packageFolders } from './package-folders.ts'
import type { Calculation, CalculationDone, ChildMessage } from './calculation.ts'

const MIB = 1024 * 1024

export interface CalculatorProcess {
  /** Settles when the library is loaded; rejects when the process dies first. */
  readonly ready: Promise<void>
  /** One at a time. Rejects when the process dies. */
  calculate(expression: string): Promise<CalculationDone>
  /** Whether the child keeps this process alive: only while somebody waits for it. */
  hold(held: boolean): void
  kill(): void
  /** Resolves when the process is gone, for whatever reason. */
  readonly gone: Promise<void>
}

export function startCalculatorProcess(): CalculatorProcess {
  const child = fork(scriptPath(), [], {
    // The node's files, variables and arguments are none of a calculation's business.
    env: {},
    execArgv: [
      `--max-old-space-size=${LIMITS.calcHeap.value / MIB}`,
      '--permission',
      ...readablePaths().map((path) => `--allow-fs-read=${path}`)
    ],
    // What V8 prints when memory runs out says nothing that we do not know.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  const ready = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  let answer: PromiseWithResolvers<CalculationDone> | undefined
  let calculations = 0

  function fail(error: Error): void {
    ready.reject(error)
    answer?.reject(error)
    gone.resolve()
  }

  // A process that dies while nobody waits is noticed at the next calculation, not as a crash here.
  ready.promise.catch(() => {})
  child.on('message', (message: ChildMessage) => {
    if ('ready' in message) ready.resolve()
    else if (message.id === calculations) answer?.resolve(message)
  })
  child.on('error', fail)
  child.on('exit', (code, signal) => fail(new Error(`the calculator ended: ${signal ?? code}`)))

  return {
    ready: ready.promise,
    calculate(expression) {
      answer = Promise.withResolvers()
      child.send({ id: ++calculations, expression } satisfies Calculation)
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

/** The script beside this file: `.ts` in the sources, `.js` once compiled. */
function scriptPath(): string {
  const name = `./calculator-child${extname(import.meta.url)}`
  return fileURLToPath(new URL(name, import.meta.url))
}

/** All the process may read: its own code and the packages that it loads. */
function readablePaths(): readonly string[] {
  const [here = '', core = ''] = ['./', '../../core/'].map((name) =>
    fileURLToPath(new URL(name, import.meta.url))
  )
  const packages = packageFolders('mathjs', here).map((folder) => join(folder, sep))
  return [here, core, ...packages].map((folder) => `${folder}*`)
}
