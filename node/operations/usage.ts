/** What those who come in over HTTP have used, for a person of this node. */
import { API_VERSION } from '../../client/api.ts'
import type { UsageQuery, UsageReport } from '../../client/usage-api.ts'
import type { EdgeAccounts } from '../../tasks/edge/accounts.ts'

const TENANT = 'tenant:'

export async function usageReport(
  accounts: Pick<EdgeAccounts, 'report'>,
  { tenant, since }: UsageQuery
): Promise<UsageReport> {
  const rows = await accounts.report({
    ...(tenant !== undefined && { owner: `${TENANT}${tenant}` }),
    ...(since !== undefined && { since })
  })
  const days = rows.map(({ owner, ...row }) => ({
    ...row,
    owner,
    tenant: owner.startsWith(TENANT) ? owner.slice(TENANT.length) : null
  }))
  return { v: API_VERSION, days }
}
