/** `lumos help`: the same pages as `--help`, found by name. */
import type { Cli } from '../cli.ts'
import { LumosCommand } from '../lumos-command.ts'

export function define(command: LumosCommand, _cli: Cli): void {
  command
    .argument('[command...]', 'a command, and its subcommand')
    .example('lumos help', 'all commands')
    .example('lumos help run', 'one command')
    .example('lumos help peers ping', 'one subcommand')
    .action((words: string[]) => {
      let page: LumosCommand = rootOf(command)
      for (const word of words) {
        const next = page.commands.find((each) => each.name() === word)
        if (next instanceof LumosCommand) page = next
        else page.reportUnknown(word)
      }
      page.outputHelp()
    })
}

function rootOf(command: LumosCommand): LumosCommand {
  return command.parent instanceof LumosCommand ? rootOf(command.parent) : command
}
