/** `lumos join`: a new machine is in the swarm, and its node runs. */
import { LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { addNodeFlags, toArguments, type NodeFlags } from '../node-flags.ts'
import { stopNode } from './down.ts'
import { keptFlags, report, runningNode, start } from './up.ts'

/** Handed to the daemon by its environment: the arguments of a process can be read by others. */
const JOIN_VARIABLE = 'LUMOS_JOIN'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('<invite>', 'the line that `lumos invite` printed, `-` for stdin, or file:PATH')
    .example('lumos join lumos1_AbC…', 'join and start this node')
    .example('ssh box lumos invite | lumos join -', 'without the line on your screen')
    .example('lumos join file:/run/secrets/invite --name ruby', 'with flags of lumos up')
  addNodeFlags(command).action(async (words: string, given: NodeFlags) => {
    const invite = words === '-' ? (await cli.terminal.input.readAll()).trim() : words
    if (invite === '') {
      throw new LumosError('INVITE_DAMAGED', { details: { reason: 'there is nothing of it' } })
    }
    const flags = toArguments(given)
    const running = await runningNode(cli)
    // One that runs belongs to a swarm already, and a node is in one at a time.
    if (running !== undefined) await stopNode(cli)
    const kept = flags.length > 0 ? flags : await keptFlags(cli.paths().state)
    const started = await startOrReturn(cli, {
      invite,
      flags: kept,
      wasRunning: running !== undefined
    })
    const { swarm, members } = await cli.client().swarm.show(cli.call())
    if (!cli.flags.json) {
      const style = cli.out()
      const size = members.filter(({ standing }) => standing !== 'removed' && standing !== 'left')
      cli.print(
        `${style.good('✓')} joined swarm ${style.strong(swarm.name)} as ${swarm.role ?? 'nothing'}   members ${size.length}`
      )
    }
    report(started, 'ready', cli)
  })
}

interface Joining {
  readonly invite: string
  readonly flags: readonly string[]
  readonly wasRunning: boolean
}

/** A node that ran before the attempt runs after it, whatever came of it. */
async function startOrReturn(cli: Cli, { invite, flags, wasRunning }: Joining) {
  try {
    const { tookMs: _, ...started } = await start(cli, flags, { [JOIN_VARIABLE]: invite })
    return started
  } catch (error) {
    if (wasRunning) await start(cli, await keptFlags(cli.paths().state))
    throw error
  }
}
