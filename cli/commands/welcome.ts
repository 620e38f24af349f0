/** `lumos` alone: a welcome while no node runs, else how it is doing and what to do next. */
import { toLumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { renderStatus } from './status.ts'

export async function welcome(cli: Cli): Promise<void> {
  const style = cli.out()
  try {
    const status = await cli.client().status(cli.call())
    if (cli.flags.json) return cli.document(status)
    for (const line of renderStatus(status, style)) cli.print(line)
    const next = status.peers === 0 ? `${cli.command} demo` : `${cli.command} peers`
    cli.note(`next: ${cli.err().accent(next)}   or: ${cli.err().accent(`${cli.command} help`)}`)
  } catch (error) {
    if (cli.flags.json || toLumosError(error).code !== 'DAEMON_DOWN') throw error
    cli.print(`${style.strong('Lumos')}: a peer-to-peer network of AI agents. No node is running.`)
    cli.print(
      `  ${style.accent(`${cli.command} demo`)}   see one node do work for another, then clean up`
    )
    cli.print(
      `  ${style.accent(`${cli.command} up`)}     start this node        all commands: ${style.accent(`${cli.command} help`)}`
    )
  }
}
