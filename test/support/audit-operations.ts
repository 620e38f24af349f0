/** An audit log of two lines, which keeps what is noted. */
import type { AuditLine } from '../../client/audit-api.ts'
import type { AuditOperations, LocalDeed } from '../../gateway/control/audit-operations.ts'

const PLAIN: AuditLine = {
  number: 1,
  at: '2026-01-02T03:04:05.678Z',
  who: 'local',
  did: 'stop',
  allowed: true
}

const FULL: Required<AuditLine> = {
  ...PLAIN,
  number: 2,
  who: '12D3KooWBirch',
  name: 'birch',
  tenant: 'acme',
  did: 'task.send',
  what: 'echo',
  grant: '0123',
  allowed: false,
  reason: 'no-member',
  times: 12,
  lastAt: '2026-01-02T03:04:06.678Z',
  lost: 1
}

export function fakeAudit(noted: LocalDeed[] = []): AuditOperations {
  return {
    note: (deed) => void noted.push(deed),
    async *lines({ denied }) {
      if (!denied) yield PLAIN
      yield FULL
    },
    verify: async () => ({ v: 1, entries: 2, first: 1, head: '00ff' })
  }
}
