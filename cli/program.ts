/** Reads the command line, loads the one command it names, runs it, and shows how it failed. */
import { CommanderError } from 'commander'
import { EXIT } from '../core/error-table.ts'
import { toLumosError, type LumosError } from '../core/errors.ts'
import { durationFlag } from './arguments.ts'
import { CATALOGUE } from './catalogue.ts'
import { createCli, type Cli, type GlobalFlags, type Host } from './cli.ts'
import { exitCodeOf, failureDocument, renderFailure } from './failure.ts'
import { formatHelp } from './help.ts'
import { withLastExit } from './run-file.ts'
import { LumosCommand } from './lumos-command.ts'
import { createStyle, wantsColours, type Style } from './style.ts'

/** Flags that take a value, so that the value is not taken for the command. */
const WITH_VALUE: ReadonlySet<string> = new Set(['-P', '--profile', '--home', '--timeout'])

/** Runs `argv` (without node and script) and resolves with the exit code; never rejects. */
export async function runProgram(argv: readonly string[], host: Host): Promise<number> {
  const cli = createCli(host)
  try {
    const root = await createRoot(cli, firstWords(argv))
    await root.parseAsync(argv, { from: 'user' })
    return host.signal.aborted ? EXIT.interrupted : cli.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    return fail(await withLastExit(toLumosError(error), cli), cli, argv)
  }
}

function fail(error: LumosError, cli: Cli, argv: readonly string[]): number {
  const { terminal } = cli
  // A failure to read the flags comes before they are known.
  if (cli.flags.json || argv.includes('--json')) cli.document(failureDocument(error))
  else if (error.code !== 'CANCELLED') {
    const debug = cli.flags.debug || argv.includes('--debug')
    terminal.err.write(renderFailure(error, { sink: terminal.err, style: cli.err(), debug }))
  }
  return exitCodeOf(error)
}

/** The command tree; only the commands named in `words` are more than a name and a line. */
export async function createRoot(cli: Cli, words: readonly string[]): Promise<LumosCommand> {
  const root = new LumosCommand('lumos')
  addGlobalFlags(root)
  root
    .description('Lumos: a peer-to-peer network of AI agents')
    .example('lumos up', 'start a node on this machine')
    .example('lumos demo', 'watch one node do work for another')
    .example('lumos run summarize README.md', 'have a task done by whoever does it best')
    .example('lumos find summarize', 'who can do what')
    .helpOption('-h, --help', 'this page')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => cli.terminal.out.write(text), writeErr: () => {} })
    .configureHelp({
      formatHelp: (command, help) =>
        command instanceof LumosCommand ? formatHelp(command, help, helpStyle(cli, root)) : ''
    })
    .hook('preAction', () => {
      cli.flags = readFlags(root.opts<RawFlags>())
    })
  await Promise.all(
    CATALOGUE.map(async ({ name, summary, group, load }) => {
      const command = root.command(name, { hidden: group === undefined }).description(summary)
      if (!(command instanceof LumosCommand)) return
      command.group = group ?? ''
      if (words.includes(name)) (await load()).define(command, cli)
    })
  )
  return root.action(() => rootAction(root, cli))
}

async function rootAction(root: LumosCommand, cli: Cli): Promise<void> {
  const { printVersion } = await import('./commands/version.ts')
  if (root.opts<RawFlags>().version) return printVersion(cli)
  const { welcome } = await import('./commands/welcome.ts')
  await welcome(cli)
}

function addGlobalFlags(root: LumosCommand): void {
  root
    .option('-P, --profile <name>', 'another node of yours on this machine (LUMOS_PROFILE)')
    .option('--home <dir>', 'keep everything of the node in one folder (LUMOS_HOME)')
    .option('--json', 'one JSON document, or one a line for streams')
    .option('--timeout <duration>', 'give up after this long: 500ms, 30s, 2m')
    .option('-q, --quiet', 'no notes, only results')
    .option('--no-color', 'no colours (NO_COLOR)')
    .option('--debug', 'stack traces with errors')
    .option('-V, --version', 'version')
}

interface RawFlags {
  readonly profile?: string
  readonly home?: string
  readonly json?: boolean
  readonly timeout?: string
  readonly quiet?: boolean
  readonly color: boolean
  readonly debug?: boolean
  readonly version?: boolean
}

function readFlags({ json, color, debug, quiet, profile, home, timeout }: RawFlags): GlobalFlags {
  return {
    json: json ?? false,
    color,
    debug: debug ?? false,
    quiet: quiet ?? false,
    ...(profile !== undefined && { profile }),
    ...(home !== undefined && { home }),
    ...(timeout !== undefined && { timeoutMs: durationFlag(timeout) })
  }
}

/** Help is printed before the flags have been handed to `cli`. */
function helpStyle(cli: Cli, root: LumosCommand): Style {
  const wanted = wantsColours(cli.host.env, cli.terminal.out.isTerminal)
  return createStyle(wanted && root.opts<RawFlags>().color)
}

/** The command that `argv` names, and for `help` the one it asks about. */
function firstWords(argv: readonly string[]): string[] {
  const words: string[] = []
  for (let index = 0; index < argv.length && words.length < 2; index += 1) {
    const word = argv[index] ?? ''
    if (word === '--') break
    if (WITH_VALUE.has(word)) index += 1
    else if (!word.startsWith('-')) words.push(word)
  }
  return words[0] === 'help' ? words : words.slice(0, 1)
}
