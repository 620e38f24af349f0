/** `lumos down`: ends the node in good order and waits until it has gone. */
import { toLumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { awaitExit } from '../daemon-process.ts'
import { duration } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos down', 'say good-bye to the peers, finish or hand over tasks, stop')
    .example('lumos -P two down', 'another node of yours')
    .action(async () => {
      const begun = cli.clock.monotonic()
      const pid = await stopNode(cli)
      if (cli.flags.json)
        return cli.document({ v: 1, stopped: pid !== undefined, pid: pid ?? null })
      if (pid === undefined)
        return cli.print(`no node is running for profile ${cli.paths().profile}`)
      const took = duration(cli.clock.monotonic() - begun)
      cli.print(`${cli.out().good('✓')} stopped in ${took}   pid ${pid}`)
      cli.note(`undo: ${cli.err().accent('lumos up')}`)
    })
}

/** The pid of the node that has been stopped; undefined when none was running. */
export async function stopNode(cli: Cli): Promise<number | undefined> {
  const progress = createProgress(cli)
  progress.show('stopping')
  try {
    const { pid } = await cli.client().stop(cli.call())
    await awaitExit(pid, cli.clock, cli.signal)
    return pid
  } catch (error) {
    if (toLumosError(error).code === 'DAEMON_DOWN') return undefined
    throw error
  } finally {
    progress.clear()
  }
}
