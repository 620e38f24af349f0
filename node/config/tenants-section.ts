/** What can be configured about those who come in over HTTP: how much each may use, and what a tenant may see. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import { tenantName } from '../../gateway/control/schema/auth.ts'

const MOST = Number.MAX_SAFE_INTEGER
const count = z.int().min(1)

const WORDS = {
  rate: 'Requests each second of one tenant, or of one token of none.',
  burst: 'Requests of it at once.',
  concurrency: 'Tasks of it that have not ended.',
  streams: 'Answers to it under way at the same time, streams among them.',
  storageBytes: 'Bytes of its ended tasks that can still be read.'
}

/** Without defaults: a tenant that says nothing of one has that of all. */
const some = {
  rate: z.number().positive().max(1_000_000),
  burst: count.max(1_000_000),
  concurrency: count.max(LIMITS.tasksActive.value),
  streams: count.max(LIMITS.gatewayConnections.value),
  tokensPerDay: count
    .max(MOST)
    .exactOptional()
    .describe('Tokens of language models in a day (UTC), read and written.'),
  tokensPerMonth: count.max(MOST).exactOptional().describe('Likewise in a month.'),
  storageBytes: count.max(MOST)
}

/** For each tenant, and each token of none, unless `gateway.tenants` says otherwise. */
export const quotas = z.strictObject({
  ...some,
  rate: some.rate.default(LIMITS.tenantRate.value).describe(WORDS.rate),
  burst: some.burst.default(LIMITS.tenantBurst.value).describe(WORDS.burst),
  concurrency: some.concurrency.default(LIMITS.tenantTasks.value).describe(WORDS.concurrency),
  streams: some.streams.default(LIMITS.tenantAnswers.value).describe(WORDS.streams),
  storageBytes: some.storageBytes
    .default(LIMITS.tenantStorageBytes.value)
    .describe(WORDS.storageBytes)
})

const agentPattern = z
  .string()
  .max(128)
  .regex(/^[\w.*-]+$/, 'must be the id of an agent, where `*` is any letters')

const tenant = z.strictObject({
  rate: some.rate.exactOptional(),
  burst: some.burst.exactOptional(),
  concurrency: some.concurrency.exactOptional(),
  streams: some.streams.exactOptional(),
  tokensPerDay: some.tokensPerDay,
  tokensPerMonth: some.tokensPerMonth,
  storageBytes: some.storageBytes.exactOptional(),
  agents: z.array(agentPattern).max(256).exactOptional(),
  spaces: z.array(z.string().min(1).max(128)).max(256).exactOptional()
})

export const tenants = z
  .record(tenantName, tenant)
  .default({})
  .describe(
    'Tenants by name: quotas of their own, `agents` that they may see (all, unless said), `spaces` of memory that they may reach (none, unless said). See docs/auth.md.'
  )
