/** Who comes in over HTTP, and what that one may: the authenticators are asked in turn, the audit log is told. */
import type { IncomingMessage } from 'node:http'
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { AuditLog } from '../../trust/audit-log.ts'
import type { EdgeOperation } from '../../trust/operations.ts'
import { decideByScopes } from '../../trust/policy.ts'
import type { Tenants } from '../../trust/tenants.ts'
import type { Authenticator, Identity } from './authenticators.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import type { HostGuard } from './host-guard.ts'
import type { HttpQuotas } from './quotas.ts'

export interface Caller extends Identity {
  /** Whose the tasks are that it asks for: `tenant:<name>` for all of one tenant, LOCAL_OWNER, else `who`. */
  readonly owner: string
}

export interface Callers {
  /**
   * Before anything is asked of the one who comes.
   * @returns the origin of a page that may come in, and has to be told so
   * @throws HOST_REFUSED, ORIGIN_REFUSED
   */
  admit(request: IncomingMessage): string | undefined
  /**
   * Counts as a request of the caller.
   * @throws API_TOKEN_REFUSED, JWT_REFUSED, JWT_KEYS_UNAVAILABLE, CERTIFICATE_REFUSED, AUTH_RATE_LIMITED, QUOTA_EXCEEDED
   */
  identify(request: IncomingMessage): Promise<Caller>
  /**
   * Whether a request that is still being answered would be let in as the same caller. Counts as no request.
   * @throws as `identify`, but for what is about rates
   */
  recheck(request: IncomingMessage, caller: Caller): Promise<void>
  /** Counts an answer to it until the returned function is called. @throws QUOTA_EXCEEDED */
  answering(caller: Caller): () => void
  /** Whether its tenant may know of that agent: others are not there for it. */
  sees(caller: Caller, agent: string): boolean
  /** Likewise of a space of shared memory. */
  reaches(caller: Caller, space: string): boolean
  /** Notes what is asked for `what`, a name. @throws FORBIDDEN */
  permit(caller: Caller, operation: EdgeOperation, what: string): void
}

export interface CallersComponents {
  readonly guard: HostGuard
  /** Asked one after the other; the first that knows what is shown decides. */
  readonly authenticators: readonly Authenticator[]
  readonly failures: FailedAttempts
  readonly audit: Pick<AuditLog, 'note'>
  readonly quotas: HttpQuotas
  readonly tenants: Pick<Tenants, 'knows' | 'reaches'>
}

/** The user of this machine. */
export const LOCAL_OWNER = 'local'

const NOBODY = 'http:unknown'

export function createCallers(components: CallersComponents): Callers {
  const { guard, authenticators, failures, audit, quotas, tenants } = components

  /** A few fixed words, whatever strangers send: the log counts what it knows already. */
  function noteRefusal(what: string, reason: string): void {
    audit.note({ who: NOBODY, did: 'request', what, allowed: false, reason })
  }

  /**
   * Who fails too often hears when to come again. A credential that is in force lets in all the same: nobody
   * guesses 256 bits or a signature, and whoever shares an address with an attacker must not be shut out.
   */
  function refuse(error: LumosError, { socket }: IncomingMessage): never {
    const retryAfterMs = failures.count(socket.remoteAddress ?? '')
    const failure =
      retryAfterMs === undefined
        ? error
        : new LumosError('AUTH_RATE_LIMITED', { cause: error, details: { retryAfterMs } })
    noteRefusal('Authorization', failure.code)
    throw failure
  }

  async function known(request: IncomingMessage): Promise<Caller> {
    try {
      const identity = await identityOf(authenticators, request)
      if (identity !== undefined) return { ...identity, owner: ownerOf(identity) }
    } catch (error) {
      if (!(error instanceof LumosError) || error.retry) throw error
      return refuse(error, request)
    }
    return refuse(new LumosError('API_TOKEN_REFUSED'), request)
  }

  return {
    admit({ headers }) {
      try {
        return guard.check(headers)
      } catch (error) {
        if (error instanceof LumosError) noteRefusal('Host or Origin', error.code)
        throw error
      }
    },
    async identify(request) {
      const caller = await known(request)
      within(audit, caller, (owner) => quotas.ask(owner))
      return caller
    },
    recheck: (request, caller) => stillKnown(components, request, caller),
    sees: ({ owner }, agent) => tenants.knows(owner, agent),
    reaches: ({ owner }, space) => tenants.reaches(owner, space),
    answering: (caller) => within(audit, caller, (owner) => quotas.answer(owner)),
    permit({ who, tenant, scopes }, operation, what) {
      const decision = decideByScopes(scopes, operation)
      const about = { did: operation, what: what.slice(0, 128) }
      const event = { who, ...(tenant !== undefined && { tenant }), ...about }
      if (decision.allowed) return audit.note({ ...event, allowed: true })
      const { reason } = decision
      audit.note({ ...event, allowed: false, reason })
      throw new LumosError('FORBIDDEN', { details: { operation, reason } })
    }
  }
}

async function stillKnown(
  { authenticators, audit }: Pick<CallersComponents, 'authenticators' | 'audit'>,
  request: IncomingMessage,
  { who, owner }: Caller
): Promise<void> {
  try {
    const identity = await identityOf(authenticators, request)
    if (identity?.who === who && ownerOf(identity) === owner) return
    throw new LumosError('API_TOKEN_REFUSED')
  } catch (error) {
    const { code: reason, retry } = toLumosError(error)
    if (!retry) audit.note({ who, did: 'request', what: 'Authorization', allowed: false, reason })
    throw error
  }
}

function ownerOf({ who, tenant, local }: Identity): string {
  if (local !== undefined) return LOCAL_OWNER
  return tenant === undefined ? who : `tenant:${tenant}`
}

async function identityOf(
  authenticators: readonly Authenticator[],
  request: IncomingMessage
): Promise<Identity | undefined> {
  for (const authenticator of authenticators) {
    const identity = await authenticator.authenticate(request)
    if (identity !== undefined) return identity
  }
  return undefined
}

/** Notes what a quota keeps out. */
function within<T>(
  audit: CallersComponents['audit'],
  { who, tenant, owner }: Caller,
  count: (owner: string) => T
): T {
  try {
    return count(owner)
  } catch (error) {
    const reason = toLumosError(error).code
    const event = { who, ...(tenant !== undefined && { tenant }), did: 'request' }
    audit.note({ ...event, what: 'quota', allowed: false, reason })
    throw error
  }
}
