/** What can be configured about metrics: who may read them, and how much of them there is. */
import { z } from 'zod'

export const metrics = z.strictObject({
  public: z
    .boolean()
    .default(false)
    .describe(
      'Answer `/metrics` without a token to those who come from this machine; a proxy here makes everybody one of them.'
    ),
  libp2p: z
    .boolean()
    .default(false)
    .describe('Tell in `/metrics` what libp2p measures of itself, too, under its own names.')
})
