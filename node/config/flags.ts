/** The flags of `lumos daemon`: each changes one value for one run. */
import { parseArgs } from 'node:util'
import { LumosError } from '../../core/errors.ts'
import { withAbsolutePaths, type Layer, type LayerValue } from './layer.ts'

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const bare = { type: 'boolean' } as const

/** The passphrase of the key comes on stdin: `lumos up` has asked a person for it. */
export const PASSPHRASE_FLAG = 'passphrase-stdin'

const OPTIONS = {
  name: text,
  listen: texts,
  bootstrap: texts,
  'no-mdns': bare,
  'no-same-host': bare,
  swarm: text,
  'swarm-key': text,
  open: bare,
  'gateway-open': bare,
  agents: text,
  'files-root': texts,
  'log-level': text,
  'log-format': text,
  'ready-fd': text,
  [PASSPHRASE_FLAG]: bare
} as const

/** @throws USAGE */
export function parseDaemonFlags(argv: readonly string[], workingDirectory: string): Layer {
  const flags = parse(argv)
  const values = new Map<string, LayerValue>()
  const give = (key: string, flag: string, value: unknown): void => {
    if (value === undefined) return
    const absolute = withAbsolutePaths(key, value, workingDirectory)
    values.set(key, { value: absolute, origin: `flag --${flag}` })
  }
  give('name', 'name', flags.name)
  give('listen', 'listen', flags.listen)
  give('bootstrap', 'bootstrap', flags.bootstrap)
  give('discovery.mdns', 'no-mdns', flags['no-mdns'] && false)
  give('discovery.sameHost', 'no-same-host', flags['no-same-host'] && false)
  give('swarm.name', 'swarm', flags.swarm)
  give('swarm.keyFile', 'swarm-key', keyFileOf(flags['swarm-key']))
  give('swarm.open', 'open', flags.open)
  give('gateway.open', 'gateway-open', flags['gateway-open'])
  give(
    'agents.enabled',
    'agents',
    flags.agents?.split(',').filter((id) => id !== '')
  )
  give('agents.files.roots', 'files-root', flags['files-root'])
  give('log.level', 'log-level', flags['log-level'])
  give('log.format', 'log-format', flags['log-format'])
  checkReadyFd(flags['ready-fd'])
  return { values, problems: [] }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LumosError('USAGE', { cause, details: { reason } })
  }
}

/** Every user of the machine can read the arguments of a process: the key must not be one. */
function keyFileOf(source: string | undefined): string | undefined {
  if (source === undefined) return undefined
  if (source.startsWith('file:') && source.length > 5) return source.slice(5)
  const reason = '--swarm-key takes file:PATH, or set LUMOS_SWARM_KEY: a key in a flag is no secret'
  throw new LumosError('USAGE', { details: { reason } })
}

/** Not a setting of the node: the program has taken it already (program.ts). */
function checkReadyFd(given: string | undefined): void {
  if (given === undefined || /^([3-9]|[1-9]\d{1,2})$/.test(given)) return
  throw new LumosError('USAGE', { details: { reason: '--ready-fd takes a number from 3' } })
}
