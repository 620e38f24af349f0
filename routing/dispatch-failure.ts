/** What a task fails with that nobody took: whether somebody may have it all the same, and who may be asked again. */
import { LumosError } from '../core/errors.ts'
import type { RouteProvider } from './directory-port.ts'

export interface FailedSearch {
  /** Names of the nodes asked, in order. */
  readonly asked: readonly string[]
  /** Those that may have the task. */
  readonly doubtful: ReadonlySet<RouteProvider>
  /** Names of those by which this node may not have it done. */
  readonly forbidding: ReadonlySet<string>
  /** The one that alone may be asked again. */
  readonly suspect: RouteProvider | undefined
}

/** Words of the policy of the one that refused (trust/policy.ts), for people. */
const WHY_NOT: Readonly<Record<string, string>> = {
  role: 'the role of this node does not allow it',
  'no-member': 'this node is no member there',
  skill: 'the grants of this node are not for this skill'
}

export function dispatchFailure(
  { asked, doubtful, suspect, forbidding }: FailedSearch,
  cause?: LumosError
): LumosError {
  const peers = [...new Set(asked)]
  if (cause?.code === 'FORBIDDEN' && peers.every((name) => forbidding.has(name))) {
    const word = String(cause.details['reason'])
    const reason = WHY_NOT[word] ?? word
    const details = { peers: peers.join(', ').slice(0, 256), reason }
    return new LumosError('DELEGATION_FORBIDDEN', { cause, details })
  }
  const details = {
    tried: peers.length,
    attempts: asked.length,
    peers: peers.join(', ').slice(0, 256),
    maybeExecuted: doubtful.size > 0,
    ...(suspect && { onlyPeer: suspect.name }),
    ...(cause && { last: cause.code })
  }
  return new LumosError('DELEGATION_FAILED', { cause, details })
}
