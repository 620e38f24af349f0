/** Who comes in over HTTP, and what that one may: the authenticators are asked in turn, the audit log is told. */
import type { IncomingMessage } from 'node:http'
import { LumosError } from '../../core/errors.ts'
import type { AuditLog } from '../../trust/audit-log.ts'
import type { EdgeOperation } from '../../trust/operations.ts'
import { decideByScopes } from '../../trust/policy.ts'
import type { Authenticator, Identity } from './authenticators.ts'
import { foreignHeader } from './loopback.ts'

export interface Caller extends Identity {
  /** Whose the tasks are that it asks for: `tenant:<name>` for all of one tenant, else `who`. */
  readonly owner: string
}

export interface Callers {
  /** @throws BROWSER_REFUSED, API_TOKEN_REFUSED */
  identify(request: IncomingMessage): Promise<Caller>
  /** Notes what is asked for `what`, a name. @throws FORBIDDEN */
  permit(caller: Caller, operation: EdgeOperation, what: string): void
}

export interface CallersComponents {
  /** Asked one after the other; the first that knows what is shown decides. */
  readonly authenticators: readonly Authenticator[]
  readonly audit: Pick<AuditLog, 'note'>
}

const NOBODY = 'http:unknown'

export function createCallers({ authenticators, audit }: CallersComponents): Callers {
  function refuse(error: LumosError, what: string): never {
    audit.note({ who: NOBODY, did: 'request', what, allowed: false, reason: error.code })
    throw error
  }

  async function identityOf(request: IncomingMessage): Promise<Identity | undefined> {
    for (const authenticator of authenticators) {
      const identity = await authenticator.authenticate(request)
      if (identity !== undefined) return identity
    }
    return undefined
  }

  return {
    async identify(request) {
      const { headers } = request
      const suspicious = foreignHeader({ host: headers.host, origin: headers.origin })
      if (suspicious !== undefined) {
        const details = { header: suspicious }
        return refuse(new LumosError('BROWSER_REFUSED', { details }), suspicious)
      }
      try {
        const identity = await identityOf(request)
        if (identity !== undefined) return { ...identity, owner: ownerOf(identity) }
      } catch (error) {
        if (!(error instanceof LumosError)) throw error
        return refuse(error, 'Authorization')
      }
      return refuse(new LumosError('API_TOKEN_REFUSED'), 'Authorization')
    },
    permit({ who, scopes }, operation, what) {
      const decision = decideByScopes(scopes, operation)
      const event = { who, did: operation, what: what.slice(0, 128) }
      if (decision.allowed) return audit.note({ ...event, allowed: true })
      const { reason } = decision
      audit.note({ ...event, allowed: false, reason })
      throw new LumosError('FORBIDDEN', { details: { operation, reason } })
    }
  }
}

function ownerOf({ who, tenant }: Identity): string {
  return tenant === undefined ? who : `tenant:${tenant}`
}
