/** `lumos top`: the mesh on one screen, as it changes. */
import { EXIT } from '../../core/error-table.ts'
import { durationFlag, oneOf } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { wantsColours } from '../style.ts'
import { runTop } from '../top/loop.ts'
import { PANE_IDS, type PaneId } from '../top/panes.ts'
import { createReport } from '../top/report.ts'
import { createView } from '../top/view.ts'

const DEFAULT_INTERVAL = '1s'
/** Faster than a node measures, and than anybody reads. */
const LEAST_INTERVAL_MS = 200
/** A file has no width; terminals that are read side by side with it mostly have this. */
const FILE_COLUMNS = 120

interface TopFlags {
  readonly once?: boolean
  readonly interval: string
  readonly pane: string
}

interface Wish {
  readonly once: boolean
  readonly intervalMs: number
  readonly pane: PaneId
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('-i, --interval <duration>', 'how often it looks', DEFAULT_INTERVAL)
    .option('--pane <pane>', `what it begins with: ${PANE_IDS.join(', ')}`, 'peers')
    .option('--once', 'one frame, and no more')
    .example('lumos top', '? shows the keys, q leaves')
    .example('lumos top --pane tasks --interval 5s', 'tasks, every five seconds')
    .example('lumos top --once', 'one frame, for a script or a mail')
    .example('lumos top --json | jq .vitals.tasksIn.completed', 'a line of JSON each time')
    .action(async ({ once = false, interval, pane }: TopFlags) => {
      const wish = {
        once,
        intervalMs: Math.max(LEAST_INTERVAL_MS, durationFlag(interval)),
        pane: oneOf(pane, PANE_IDS, { command: 'top', what: 'no pane' })
      }
      // Nothing is drawn for a node that is not there; one that goes later is waited for.
      await cli.client().status(cli.call())
      if (cli.flags.json) return tellDocuments(cli, wish)
      if (once || !isScreen(cli)) return tellFrame(cli, wish)
      await live(cli, wish)
    })
}

function isScreen(cli: Cli): boolean {
  return cli.terminal.out.isTerminal && cli.host.env['TERM'] !== 'dumb'
}

async function live(cli: Cli, { intervalMs, pane }: Wish): Promise<void> {
  const how = await runTop(
    {
      source: cli.client(),
      clock: cli.clock,
      openScreen: (events) => cli.terminal.openScreen(cli.clock, events)
    },
    { view: createView({ pane, intervalMs }), colour: hasColour(cli), signal: cli.signal }
  )
  if (how === 'interrupted') cli.exitCode = EXIT.interrupted
}

function hasColour(cli: Cli): boolean {
  return cli.flags.color && wantsColours(cli.host.env, cli.terminal.out.isTerminal)
}

async function tellFrame(cli: Cli, { pane, once }: Wish): Promise<void> {
  const { out } = cli.terminal
  if (!once) cli.note('not a terminal: one frame, as with --once')
  const report = createReport({ source: cli.client(), clock: cli.clock }, pane)
  const look = await report.look()
  await report.close()
  const columns = Number(cli.host.env['COLUMNS']) || FILE_COLUMNS
  const size = out.isTerminal
    ? // The prompt comes below.
      { columns: out.columns(), rows: out.rows() - 1 }
    : { columns: Math.max(1, Math.trunc(columns)) }
  for (const line of look.frame({ ...size, colour: hasColour(cli) })) cli.print(line)
}

async function tellDocuments(cli: Cli, { pane, once, intervalMs }: Wish): Promise<void> {
  if (!once) await cli.terminal.watchReader()
  const report = createReport({ source: cli.client(), clock: cli.clock }, pane)
  const leave = (): void => void report.close()
  cli.signal.addEventListener('abort', leave)
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other is the point
    const look = await report.look()
    if (!cli.signal.aborted) cli.line(look.document())
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (once || !(await cli.clock.sleep(intervalMs, cli.signal))) break
  }
  cli.signal.removeEventListener('abort', leave)
  await report.close()
}
