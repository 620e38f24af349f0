/** `lumos config`: handed to the program of the node, which owns the configuration and its schema. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos config get', 'every value that is in force')
    .example('lumos config get --origin', 'and where each came from')
    .example('lumos config set name amber-otter', 'change one')
  /** `--` because a value may begin with a dash. */
  const hand = async (words: readonly string[], flags: readonly string[] = []): Promise<void> => {
    const json = cli.flags.json ? ['--json'] : []
    const argv = ['config', ...flags, ...json, '--', ...words]
    cli.exitCode = await cli.host.runNode(argv, cli.env())
  }
  command
    .command('get', { isDefault: true })
    .description('one value, or all')
    .argument('[key]', 'for example swarm.name')
    .option('--origin', 'say where the value came from: flag, environment, file or default')
    .example('lumos config get swarm.name', 'one value')
    .example('lumos config get --origin --json', 'all, for a script')
    .action((key: string | undefined, { origin }: { origin?: boolean }) =>
      hand(key === undefined ? ['get'] : ['get', key], origin ? ['--origin'] : [])
    )
  command
    .command('set')
    .description('write a value to the configuration file')
    .argument('<key>', 'for example name')
    .argument('<value...>', 'several values make a list')
    .example('lumos config set name amber-otter', 'a text')
    .example('lumos config set discovery.mdns false', 'a switch')
    .action((key: string, values: string[]) => hand(['set', key, ...values]))
  command
    .command('unset')
    .description('back to the default')
    .argument('<key>', 'for example name')
    .example('lumos config unset name', 'the name made from the key again')
    .example('lumos config unset discovery.mdns', 'a switch')
    .action((key: string) => hand(['unset', key]))
  definePathAndValidate(command, hand)
}

function definePathAndValidate(
  command: LumosCommand,
  hand: (words: readonly string[]) => Promise<void>
): void {
  command
    .command('path')
    .description('where the configuration file is')
    .example('lumos config path', 'its path')
    .example('$EDITOR "$(lumos config path)"', 'edit it')
    .action(() => hand(['path']))
  command
    .command('validate')
    .description('check the configuration file')
    .example('lumos config validate', 'exit code 8 when it is not valid')
    .example('lumos config validate --json', 'what is wrong, for a script')
    .action(() => hand(['validate']))
}
