/** Ends an answer whose caller is not let in any more: a stream that began with a credential does not outlive it. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Caller, Callers } from './callers.ts'

export interface CredentialWatchComponents {
  readonly clock: Pick<Clock, 'after' | 'now'>
  readonly callers: Pick<Callers, 'recheck'>
}

export interface CredentialWatchInit {
  /** As it was when the answer began. */
  readonly caller: Caller
  /** Called once at most, with what a new request would be refused with. */
  readonly onEnded: (refusal: LumosError) => void
}

/**
 * Hears when the credential is taken back, and looks at it again when it expires and each LIMITS.gatewayHeartbeat,
 * until the returned function is called.
 */
export function watchCredential(
  { clock, callers }: CredentialWatchComponents,
  incoming: IncomingMessage,
  { caller, onEnded }: CredentialWatchInit
): () => void {
  const { ended, expiresAt, local } = caller
  let isOver = false
  let cancel: (() => void) | undefined

  function stop(): void {
    isOver = true
    cancel?.()
    ended?.removeEventListener('abort', onTakenBack)
  }
  function end(error: unknown): void {
    if (isOver) return
    stop()
    onEnded(toLumosError(error))
  }
  function onTakenBack(): void {
    // To sign out is no refusal of which the audit log should tell.
    if (local === true) return end(ended?.reason)
    cancel?.()
    void look()
  }
  function wait(): void {
    const leftMs = (expiresAt ?? Infinity) - clock.now()
    const heartbeat = LIMITS.gatewayHeartbeat.value
    cancel = clock.after(leftMs > 0 ? Math.min(leftMs, heartbeat) : heartbeat, () => void look())
  }
  async function look(): Promise<void> {
    try {
      await callers.recheck(incoming, caller)
    } catch (error) {
      // Whose keys cannot be had just now is asked again with the next look.
      if (!(error instanceof LumosError) || !error.retry) return end(error)
    }
    if (!isOver) wait()
  }

  wait()
  ended?.addEventListener('abort', onTakenBack, { once: true })
  if (ended?.aborted === true) onTakenBack()
  return stop
}

/** Why the caller of a request is not let in any more; `undefined` when its signal aborted because it left, or the node stops. */
export function refusalIn({ reason }: AbortSignal): LumosError | undefined {
  return reason instanceof LumosError && !reason.retry ? reason : undefined
}
