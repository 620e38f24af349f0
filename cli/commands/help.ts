/** `lumos help`: the same pages as `--help`, found by name. */
import { CATALOGUE } from '../catalogue.ts'
import type { Cli } from '../cli.ts'
import { compactHelp } from '../compact-help.ts'
import { LumosCommand } from '../lumos-command.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('[command...]', 'a command, and its subcommand')
    .option('--llm', 'all commands with their flags on one plain page, for programs')
    .example('lumos help', 'all commands')
    .example('lumos help run', 'one command')
    .example('lumos help peers ping', 'one subcommand')
    .example('lumos help --llm', 'for a program that writes commands')
    .action(async (words: string[], { llm = false }: { llm?: boolean }) => {
      if (llm) return printCompact(cli)
      let page: LumosCommand = rootOf(command)
      for (const word of words) {
        const next = page.commands.find((each) => each.name() === word)
        if (next instanceof LumosCommand) page = next
        else page.reportUnknown(word)
      }
      page.outputHelp()
    })
}

async function printCompact(cli: Cli): Promise<void> {
  const { createRoot } = await import('../program.ts')
  const root = await createRoot(
    cli,
    CATALOGUE.map(({ name }) => name)
  )
  cli.terminal.out.write(compactHelp(root))
}

function rootOf(command: LumosCommand): LumosCommand {
  return command.parent instanceof LumosCommand ? rootOf(command.parent) : command
}
