/** What can be configured about the doors over HTTP: where they are, and who may come in. */
import { z } from 'zod'

export const gateway = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Answer HTTP on this machine: A2A for every agent of the swarm, see docs/http.md.'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .exactOptional()
    .describe('Port of HTTP; 0 is any free one. Without it 5869, or a free one if that is taken.'),
  open: z
    .boolean()
    .default(false)
    .describe('Let every program on this machine in without a token. Its users can be others, too.')
})
