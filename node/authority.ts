/** Joins what decides about peers: roles, grants and their end, and the audit log. */
import { join } from 'node:path'
import type { Component } from '../core/component.ts'
import type { NodePaths } from '../core/paths.ts'
import { createAuditLog } from '../trust/audit-log.ts'
import type { AuditLog } from '../trust/audit-log.ts'
import { createAuthority } from '../trust/authority.ts'
import type { Authority, AuthorityInit, Members } from '../trust/authority.ts'
import { createRevocations } from '../trust/grants/revocations.ts'
import type { Revocations } from '../trust/grants/revocations.ts'
import type { NodeComponents } from './wire.ts'

/** Started, it writes the audit log. */
export interface NodeAuthority extends Component, Authority {
  readonly audit: AuditLog
  readonly revocations: Revocations
}

export interface NodeAuthorityInit extends AuthorityInit {
  readonly paths: Pick<NodePaths, 'data'>
}

export function createNodeAuthority(
  { clock, logger, members }: NodeComponents & { readonly members: Members },
  { self, swarm, paths }: NodeAuthorityInit
): NodeAuthority {
  const log = logger.child('trust')
  const audit = createAuditLog({ clock, logger: log }, { directory: join(paths.data, 'audit') })
  const revocations = createRevocations({ clock }, { self })
  const authority = createAuthority({ clock, members, revocations, audit }, { self, swarm })
  return {
    audit,
    revocations,
    permit: (peer, method) => authority.permit(peer, method),
    decide: (peer, wish) => authority.decide(peer, wish),
    judge: (peer, wish, more) => authority.judge(peer, wish, more),
    held: (peer, tokens) => authority.held(peer, tokens),
    present: (peer, tokens) => authority.present(peer, tokens),
    examine: (token) => authority.examine(token),
    grantsOf: (peer) => authority.grantsOf(peer),
    left: (peer) => authority.left(peer),
    start: () => audit.start(),
    stop: () => audit.stop()
  }
}
