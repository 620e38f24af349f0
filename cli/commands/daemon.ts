/** `lumos daemon`: the node itself, in the foreground, for systemd, containers and `lumos up`. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { addNodeFlags, toArguments, type NodeFlags } from '../node-flags.ts'

interface DaemonFlags extends NodeFlags {
  readonly readyFd?: string
  readonly logFormat?: string
  readonly passphraseStdin?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos daemon', 'run until Ctrl-C')
    .example(
      'lumos daemon --listen /ip4/0.0.0.0/tcp/5866 --no-mdns',
      'on one port, found by bootstrap'
    )
  addNodeFlags(command)
    .option('--log-format <format>', 'pretty or json, on stderr')
    .option('--ready-fd <n>', 'write one line of JSON to this file descriptor when ready')
    .option('--passphrase-stdin', 'read the passphrase of the key from stdin')
    .action(async ({ readyFd, logFormat, passphraseStdin, ...flags }: DaemonFlags) => {
      const words = [
        'daemon',
        ...toArguments(flags),
        ...(readyFd === undefined ? [] : ['--ready-fd', readyFd]),
        ...(logFormat === undefined ? [] : ['--log-format', logFormat]),
        ...(passphraseStdin ? ['--passphrase-stdin'] : []),
        ...(cli.flags.json ? ['--json'] : [])
      ]
      cli.exitCode = await cli.host.runNode(words, cli.env())
    })
}
