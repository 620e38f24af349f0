/** Runs commands inside the test, against a control API that answers what the test wants. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { runProgram } from '../../cli/program.ts'
import type { Host } from '../../cli/cli.ts'
import type { Line, LineReader } from '../../cli/line-reader.ts'
import type { Sink } from '../../cli/terminal.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { createControlServer } from '../../gateway/control/control-server.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { fakeOperations } from './control-operations.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface CliRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface CliInit {
  /** Columns of a terminal for stdout and stderr; without it both are pipes. */
  readonly columns?: number
  /** Its height. */
  readonly rows?: number
  /** Told of all that was written to a stream each time there is more. */
  readonly written?: (text: string) => void
  readonly env?: Readonly<Record<string, string>>
  /** What is piped in; without it stdin is a terminal. */
  readonly input?: string
  /** What a person types when asked; by default the input ends. */
  readonly readLine?: Host['terminal']['input']['readLine']
  /** What is typed or piped into a command that reads on and on, one message each. */
  readonly openLines?: Host['terminal']['input']['openLines']
  readonly signal?: AbortSignal
  readonly takeInterrupts?: Host['takeInterrupts']
  readonly runNode?: Host['runNode']
}

export interface TestCli {
  readonly home: string
  run(argv: readonly string[], init?: CliInit): Promise<CliRun>
}

const ROOT = join(import.meta.dirname, '../..')

/** Without `operations` no daemon answers. */
export async function createTestCli(operations?: Partial<ControlOperations>): Promise<TestCli> {
  const home = await temporaryDirectory()
  if (operations !== undefined) await serve(join(home, 'lumos.sock'), operations)
  return {
    home,
    async run(argv, init = {}) {
      const out = createSink(init)
      const err = createSink(init)
      const { input } = init
      const code = await runProgram(argv, {
        env: { LUMOS_HOME: home, LUMOS_RUNTIME_DIR: join(home, 'run'), NO_COLOR: '1', ...init.env },
        terminal: {
          out,
          err,
          input: {
            isTerminal: input === undefined,
            readAll: async () => input ?? '',
            readLine: init.readLine ?? (async () => undefined),
            readSecret: async () => undefined,
            openLines: init.openLines ?? (async () => typedLines(input?.split('\n') ?? []))
          },
          watchReader: async () => {},
          connect: async (stream) => {
            stream.destroy()
          },
          openScreen: async () => {
            throw new Error('no test of this kind has a screen')
          }
        },
        clock: systemClock,
        signal: init.signal ?? new AbortController().signal,
        takeInterrupts: init.takeInterrupts ?? (() => () => undefined),
        bin: join(ROOT, 'bin/lumos.cjs'),
        packageRoot: ROOT,
        runNode: init.runNode ?? (async () => 0)
      })
      return { code, out: out.text(), err: err.text() }
    }
  }
}

/** A reader of messages that are there already; then the input ends. */
export function typedLines(words: readonly string[]): LineReader {
  const left = [...words]
  return {
    async read(): Promise<Line> {
      const text = left.shift()
      return text === undefined ? { type: 'ended' } : { type: 'text', text }
    },
    close() {}
  }
}

async function serve(socketPath: string, operations: Partial<ControlOperations>): Promise<void> {
  const server = createControlServer(
    { operations: fakeOperations(operations), logger: silentLogger, clock: systemClock },
    { socketPath }
  )
  await server.start()
  onTestFinished(() => server.stop())
}

function createSink({ columns, rows = 24, written }: CliInit): Sink & { text(): string } {
  let text = ''
  return {
    isTerminal: columns !== undefined,
    columns: () => columns ?? 80,
    rows: () => rows,
    write(more) {
      text += more
      written?.(text)
    },
    text: () => text
  }
}
