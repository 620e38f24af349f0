/** Who comes in over HTTP, and what that one may: by a token, or because this machine's doors stand open. */
import type { IncomingMessage } from 'node:http'
import { LumosError } from '../../core/errors.ts'
import type { GrantAction } from '../../core/grant-words.ts'
import type { ApiTokens } from '../../trust/api-tokens.ts'
import type { AuditLog } from '../../trust/audit-log.ts'
import type { OperationName } from '../../trust/operations.ts'
import { decideByScopes } from '../../trust/policy.ts'
import { foreignHeader } from './loopback.ts'

export interface Caller {
  /** Whose the tasks are that it asks for: `http:<token id>`. */
  readonly owner: string
  readonly scopes: readonly GrantAction[]
}

export interface Callers {
  /** @throws BROWSER_REFUSED, API_TOKEN_REFUSED */
  identify(request: IncomingMessage): Caller
  /** Notes what is asked for `what`, a name. @throws FORBIDDEN */
  permit(caller: Caller, operation: OperationName, what: string): void
}

export interface CallersComponents {
  readonly tokens: Pick<ApiTokens, 'verify'>
  readonly audit: Pick<AuditLog, 'note'>
}

export interface CallersInit {
  /** Whether everybody on this machine may come in without a token. */
  readonly open: boolean
}

const NOBODY = 'http:unknown'
const ANYBODY: Caller = { owner: 'http:open', scopes: ['task/send'] }

export function createCallers(
  { tokens, audit }: CallersComponents,
  { open }: CallersInit
): Callers {
  function refuse(error: LumosError, what: string): never {
    audit.note({ who: NOBODY, did: 'request', what, allowed: false, reason: error.code })
    throw error
  }

  return {
    identify({ headers }) {
      const suspicious = foreignHeader({ host: headers.host, origin: headers.origin })
      if (suspicious !== undefined) {
        const details = { header: suspicious }
        refuse(new LumosError('BROWSER_REFUSED', { details }), suspicious)
      }
      const { authorization } = headers
      if (authorization === undefined && open) return ANYBODY
      const secret = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      const token = secret === undefined ? undefined : tokens.verify(secret)
      if (token === undefined) return refuse(new LumosError('API_TOKEN_REFUSED'), 'Authorization')
      return { owner: `http:${token.id}`, scopes: token.scopes }
    },
    permit({ owner, scopes }, operation, what) {
      const decision = decideByScopes(scopes, operation)
      const event = { who: owner, did: operation, what: what.slice(0, 128) }
      if (decision.allowed) return audit.note({ ...event, allowed: true })
      const { reason } = decision
      audit.note({ ...event, allowed: false, reason })
      throw new LumosError('FORBIDDEN', { details: { operation, reason } })
    }
  }
}
