/** What every command is given: the flags that all share, the terminal, and the way to the daemon. */
import type { CallOptions, Client } from '../client/calls.ts'
import { createClient } from '../client/client.ts'
import type { Clock } from '../core/clock.ts'
import { resolvePaths, type Environment, type NodePaths } from '../core/paths.ts'
import { parseTraceparent } from '../core/trace.ts'
import { createStyle, wantsColours, type Style } from './style.ts'
import type { Terminal } from './terminal.ts'

export interface GlobalFlags {
  readonly profile?: string
  readonly home?: string
  readonly json: boolean
  readonly color: boolean
  readonly debug: boolean
  readonly quiet: boolean
  readonly timeoutMs?: number
}

/** The world outside the commands; tests bring their own. */
export interface Host {
  readonly env: Environment
  readonly terminal: Terminal
  readonly clock: Clock
  /** Aborts on Ctrl-C, SIGTERM, and when nobody reads stdout any more. */
  readonly signal: AbortSignal
  /**
   * From now on Ctrl-C is for `handler`, not for the whole program, until what is returned was
   * called.
   */
  readonly takeInterrupts: (handler: () => void) => () => void
  /** Path of bin/lumos.cjs: how further nodes are started. */
  readonly bin: string
  /** Where package.json, README.md and docs/ are. */
  readonly packageRoot: string
  /** The program of the node (`daemon`, `config`, `keys` and `swarm`); resolves with its exit code. */
  readonly runNode: (argv: readonly string[], env: Environment) => Promise<number>
}

export interface Cli {
  readonly host: Host
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly terminal: Terminal
  flags: GlobalFlags
  /** What the process ends with when nothing fails. */
  exitCode: number
  /** What this user types to get here: under npm the command is not on their PATH. */
  readonly command: string
  /** The environment with `--profile` and `--home` applied. */
  env(): Environment
  paths(): NodePaths
  client(): Client
  /** Deadline and Ctrl-C for one call of the client. */
  call(): CallOptions
  /** Styles for stdout and for stderr: one may be a file and the other a terminal. */
  out(): Style
  err(): Style
  /** A line of the result, on stdout. */
  print(line: string): void
  /** A line about the result, on stderr; `--quiet` silences it. */
  note(line: string): void
  /** The result as JSON: one line for programs, indented for eyes. */
  document(value: unknown): void
  /** One of many results: always one line. */
  line(value: unknown): void
}

const DEFAULT_FLAGS: GlobalFlags = { json: false, color: true, debug: false, quiet: false }

export function createCli(host: Host): Cli {
  const { terminal } = host
  const style = (isTerminal: boolean): Style =>
    createStyle(cli.flags.color && wantsColours(host.env, isTerminal))
  const cli: Cli = {
    host,
    clock: host.clock,
    signal: host.signal,
    terminal,
    flags: DEFAULT_FLAGS,
    exitCode: 0,
    command: host.env['npm_command'] === undefined ? 'lumos' : 'npx lumos',
    env: () => ({
      ...host.env,
      ...(cli.flags.profile && { LUMOS_PROFILE: cli.flags.profile }),
      ...(cli.flags.home && { LUMOS_HOME: cli.flags.home })
    }),
    paths: () => resolvePaths(cli.env()),
    client() {
      const { socket, profile } = cli.paths()
      // What a build or another program traces goes on in the tasks that it gives.
      const traceparent = host.env['TRACEPARENT']
      return createClient({
        socket,
        profile,
        ...(parseTraceparent(traceparent) && { traceparent })
      })
    },
    call: () => ({
      signal: host.signal,
      ...(cli.flags.timeoutMs !== undefined && { timeoutMs: cli.flags.timeoutMs })
    }),
    out: () => style(terminal.out.isTerminal),
    err: () => style(terminal.err.isTerminal),
    print: (line) => terminal.out.write(`${line}\n`),
    note(line) {
      if (!cli.flags.quiet && !cli.flags.json) terminal.err.write(`${line}\n`)
    },
    document: (value) =>
      terminal.out.write(`${JSON.stringify(value, null, terminal.out.isTerminal ? 2 : 0)}\n`),
    line: (value) => terminal.out.write(`${JSON.stringify(value)}\n`)
  }
  return cli
}
