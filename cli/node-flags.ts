/** The flags that `up`, `restart` and `daemon` share: each changes one setting for one run. */
import { collect } from './arguments.ts'
import type { LumosCommand } from './lumos-command.ts'

export interface NodeFlags {
  readonly name?: string
  readonly listen?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly mdns: boolean
  readonly sameHost: boolean
  readonly swarm?: string
  readonly swarmKey?: string
  readonly open?: boolean
  readonly gatewayOpen?: boolean
  readonly agents?: string
  readonly filesRoot?: readonly string[]
  readonly logLevel?: string
}

export function addNodeFlags(command: LumosCommand): LumosCommand {
  return command
    .option('--name <name>', 'readable name of the node (default: made from its key)')
    .option('--listen <multiaddr>', 'address to listen on; may be repeated', collect)
    .option('--bootstrap <multiaddr>', 'a node to connect to at start; may be repeated', collect)
    .option('--swarm <name>', 'swarm to belong to (default: home)')
    .option('--swarm-key <file:path>', 'file with the key of the swarm (LUMOS_SWARM_KEY)')
    .option('--open', 'a swarm without key: anybody on the network may join')
    .option('--gateway-open', 'let programs on this machine in over HTTP without a token')
    .option('--agents <a,b>', 'only these built-in agents')
    .option('--files-root <dir>', 'folder that the agents may read; may be repeated', collect)
    .option('--log-level <level>', 'trace, debug, info, warn or error')
    .option('--no-mdns', 'do not look for nodes on the local network')
    .option('--no-same-host', 'do not look for nodes of yours on this machine')
}

/** The same flags as words of a command line. */
export function toArguments(flags: NodeFlags): string[] {
  return [
    ...one('--name', flags.name),
    ...many('--listen', flags.listen),
    ...many('--bootstrap', flags.bootstrap),
    ...one('--swarm', flags.swarm),
    ...one('--swarm-key', flags.swarmKey),
    ...(flags.open ? ['--open'] : []),
    ...(flags.gatewayOpen ? ['--gateway-open'] : []),
    ...one('--agents', flags.agents),
    ...many('--files-root', flags.filesRoot),
    ...one('--log-level', flags.logLevel),
    ...(flags.mdns ? [] : ['--no-mdns']),
    ...(flags.sameHost ? [] : ['--no-same-host'])
  ]
}

function one(flag: string, value: string | undefined): string[] {
  return value === undefined ? [] : [flag, value]
}

function many(flag: string, values: readonly string[] = []): string[] {
  return values.flatMap((value) => [flag, value])
}
