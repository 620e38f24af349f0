/** Configuration from `LUMOS_…` variables; a misspelt one is an error, not silence. */
import type { Environment } from '../../core/paths.ts'
import { CONFIG_KEYS, didYouMean } from './keys.ts'
import { valueFromText, withAbsolutePaths, type Layer, type LayerValue } from './layer.ts'

/** Holds the key itself, or `file:PATH`. */
export const SWARM_KEY_VARIABLE = 'LUMOS_SWARM_KEY'

/** Holds an invite, or `file:PATH`. */
export const JOIN_VARIABLE = 'LUMOS_JOIN'

/** Variables that are no configuration keys: where things are, and what starts the node. */
const OTHERS: ReadonlySet<string> = new Set([
  'LUMOS_HOME',
  'LUMOS_PROFILE',
  'LUMOS_RUNTIME_DIR',
  'LUMOS_NO_DOWNLOAD',
  SWARM_KEY_VARIABLE,
  JOIN_VARIABLE
])

/**
 * Not ours although they look so: what Kubernetes and Docker links put into every container when a
 * service is called `lumos`, and what our own tests and benches use.
 */
const FOREIGN =
  /^LUMOS_(?:(?:\w+_)?(?:SERVICE_(?:HOST|PORT)(?:_\w+)?|PORT(?:_\d+_\w+)?)|(?:TEST|BENCH)_\w+)$/

const BY_VARIABLE = new Map([...CONFIG_KEYS.values()].map((key) => [key.variable, key]))

/** An empty variable counts as absent: that is how compose files leave things open. */
export function environmentLayer(env: Environment, workingDirectory: string): Layer {
  const values = new Map<string, LayerValue>()
  const problems: string[] = []
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('LUMOS_') || text === undefined || text === '') continue
    const key = BY_VARIABLE.get(variable)
    if (key !== undefined) {
      const value = withAbsolutePaths(key.key, valueFromText(key, text), workingDirectory)
      values.set(key.key, { value, origin: `env ${variable}` })
    } else if (!OTHERS.has(variable) && !FOREIGN.test(variable)) {
      const known = [...BY_VARIABLE.keys(), ...OTHERS]
      problems.push(`unknown variable ${variable}${didYouMean(variable, known)}`)
    }
  }
  return { values, problems }
}
