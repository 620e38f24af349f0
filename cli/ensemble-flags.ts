/** How many peers a question goes to, from the flags of a command. */
import type { RunRequest } from '../client/api.ts'
import { ENSEMBLE_TAKES } from '../core/ensemble.ts'
import { LIMITS } from '../core/limits.ts'
import { countFlag, oneOf, targetOf, usage } from './arguments.ts'

export interface EnsembleFlags {
  readonly peers?: string
  readonly take?: string
  readonly judge?: string
}

/** Throws USAGE for flags that do not go together. */
export function ensembleOf(
  { peers, take, judge }: EnsembleFlags,
  { to, local }: { readonly to?: string; readonly local?: boolean }
): Pick<RunRequest, 'ensemble'> {
  if (peers === undefined) {
    if (take === undefined && judge === undefined) return {}
    throw usage('--take and --judge are for several peers', { suggestion: 'add --peers 3' })
  }
  if (to !== undefined || local) {
    throw usage(`--peers and ${local ? '--local' : '--to'} exclude each other`, { command: 'run' })
  }
  const count = countFlag(peers, 2)
  const most = LIMITS.ensemblePeers.value
  if (count > most) throw usage(`${count} peers are too many: ${most} at most`)
  if (judge !== undefined && take !== 'best') {
    throw usage('--judge is for the best answer', { suggestion: 'add --take best' })
  }
  const names = { command: 'run', what: 'no way to take answers' }
  return {
    ensemble: {
      peers: count,
      ...(take !== undefined && { take: oneOf(take, ENSEMBLE_TAKES, names) }),
      ...(judge !== undefined && { judge: targetOf(judge) })
    }
  }
}
