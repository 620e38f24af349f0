/** What can be configured about traces: whether there are any, and where else they go. */
import { z } from 'zod'

const otlp = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:4318' })
    .exactOptional()
    .describe(
      'Where spans are sent by OTLP over HTTP, without `/v1/traces`. Without it: `OTEL_EXPORTER_OTLP_ENDPOINT`; without both they stay in memory.'
    )
})

export const tracing = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Remember where the time of the newest tasks went, in memory alone.'),
  sample: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe(
      'The part of the traces begun here that are sent by OTLP, 0 to 1; those of others as they were begun. Memory has them all.'
    ),
  otlp: otlp.prefault({})
})
