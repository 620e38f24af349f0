/** Joins the program to its process: streams, Ctrl-C, closed pipes and the exit code. */
import { systemClock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import type { Environment } from '../core/paths.ts'
import { runProgram } from './program.ts'
import { createTerminal } from './terminal.ts'

export interface MainInit {
  /** Path of bin/lumos.cjs. */
  readonly bin: string
  readonly packageRoot: string
  /** The program of the node, handed in because commands must not load it. */
  readonly runNode: (argv: readonly string[]) => Promise<number>
}

/** npm and a terminal may both pass on one Ctrl-C; a second one by hand comes later than this. */
const SAME_PRESS_MS = 300
/** 128 + the signal's number, as shells report it. */
const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Runs the command line of this process and ends the process. */
export async function main({ bin, packageRoot, runNode }: MainInit): Promise<void> {
  const stop = new AbortController()
  const stopAwaiting = keepAlive()
  const signals = listenToSignals(stop)
  const terminal = createTerminal(process, () => stop.abort(new LumosError('CANCELLED')))
  const code = await runProgram(process.argv.slice(2), {
    env: process.env,
    terminal,
    clock: systemClock,
    signal: stop.signal,
    takeInterrupts: (handler) => signals.takeInterrupts(handler),
    bin,
    packageRoot,
    runNode(argv, env) {
      // The node has a Ctrl-C of its own: it says good-bye to its peers.
      signals.ignore()
      applyTo(process.env, env)
      return runNode(argv)
    }
  })
  stopAwaiting()
  // A reader that has seen enough (`| head`) is no failure.
  const closed = stop.signal.aborted && signals.received() === undefined
  const received = signals.received()
  process.exit(closed ? 0 : received === undefined ? code : EXIT_OF_SIGNAL[received])
}

/** The clock's timers never keep a process alive; while a command runs, something must. */
function keepAlive(): () => void {
  const { port1 } = new MessageChannel()
  port1.ref()
  return () => port1.close()
}

function listenToSignals(stop: AbortController) {
  let first: { readonly signal: keyof typeof EXIT_OF_SIGNAL; readonly at: number } | undefined
  let interrupts: (() => void) | undefined
  let lastInterrupt = -Infinity
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const handler = (): void => {
      const at = systemClock.monotonic()
      if (signal === 'SIGINT' && interrupts !== undefined) {
        if (at - lastInterrupt > SAME_PRESS_MS) interrupts()
        lastInterrupt = at
      } else if (first === undefined) {
        first = { signal, at }
        stop.abort(new LumosError('CANCELLED'))
      } else if (at - first.at > SAME_PRESS_MS) process.exit(EXIT_OF_SIGNAL[signal])
    }
    process.on(signal, handler)
    return { signal, handler }
  })
  return {
    received: () => first?.signal,
    takeInterrupts(handler: () => void) {
      interrupts = handler
      return () => {
        if (interrupts === handler) interrupts = undefined
      }
    },
    ignore() {
      for (const { signal, handler } of handlers) process.off(signal, handler)
    }
  }
}

function applyTo(target: NodeJS.ProcessEnv, env: Environment): void {
  for (const name of ['LUMOS_PROFILE', 'LUMOS_HOME']) {
    const value = env[name]
    if (value !== undefined) target[name] = value
  }
}
