/** `lumos restart`: down and up again, with the flags of the last `up` unless others are given. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { addNodeFlags, toArguments, type NodeFlags } from '../node-flags.ts'
import { stopNode } from './down.ts'
import { announce, keptFlags, start } from './up.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos restart', 'with the flags of the last `lumos up`')
    .example('lumos restart --no-mdns', 'with these flags instead')
  addNodeFlags(command).action(async (given: NodeFlags) => {
    const words = toArguments(given)
    const flags = words.length > 0 ? words : await keptFlags(cli.paths().state)
    await stopNode(cli)
    if (flags.length > 0) cli.note(`with ${flags.join(' ')}`)
    announce(await start(cli, flags), cli)
  })
}
