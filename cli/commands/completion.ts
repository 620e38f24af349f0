/** `lumos completion`: a script that completes commands and flags by itself, names by asking. */
import { CATALOGUE } from '../catalogue.ts'
import { usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import {
  bashScript,
  fishScript,
  zshScript,
  type Completion,
  type Flag,
  type Node
} from '../completion-scripts.ts'
import { kindOfArgument, kindOfFlag } from '../live-words.ts'
import type { Command } from 'commander'
import type { LumosCommand } from '../lumos-command.ts'
import { createRoot } from '../program.ts'
import { suggest } from '../../core/suggest.ts'

const SCRIPTS: Readonly<Record<string, (tree: Completion) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('<shell>', 'bash, zsh or fish')
    .example('source <(lumos completion bash)', 'in ~/.bashrc')
    .example('source <(lumos completion zsh)', 'in ~/.zshrc, after compinit')
    .example('lumos completion fish > ~/.config/fish/completions/lumos.fish', 'once')
    .action(async (shell: string) => {
      const script = SCRIPTS[shell]
      if (script === undefined) {
        const near = suggest(shell, Object.keys(SCRIPTS))
        const suggestion = near === undefined ? 'bash, zsh or fish' : `did you mean ${near}?`
        throw usage(`there is no completion for "${shell}"`, { suggestion })
      }
      const text = script(await tree(cli))
      if (cli.flags.json) cli.document({ v: 1, shell, script: text })
      else cli.terminal.out.write(text)
    })
}

async function tree(cli: Cli): Promise<Completion> {
  const names = CATALOGUE.filter(({ group }) => group !== undefined).map(({ name }) => name)
  const root = await createRoot(cli, names)
  const commands = root.commands.filter((each) => names.includes(each.name()))
  return { flags: flagsOf(root, ''), commands: commands.map((each) => nodeOf(each, '')) }
}

function nodeOf(command: Command, above: string): Node {
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  return {
    name: command.name(),
    summary: command.description(),
    flags: flagsOf(command, path),
    arguments: command.registeredArguments.map((each) => {
      return { kind: kindOfArgument(path, each.name()), variadic: each.variadic }
    }),
    subcommands: command.commands.map((each) => nodeOf(each, path))
  }
}

function flagsOf(command: Command, path: string): Flag[] {
  return command.options.flatMap(({ long, short, required, optional }) => {
    if (long == null) return []
    const takesValue = required || optional
    const kind = takesValue ? kindOfFlag(path, long) : undefined
    return [{ long, ...(short != null && { short }), takesValue, kind }]
  })
}
