/** Tells a repeated request from another one under the same task id. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Message } from '../../core/a2a.ts'

/**
 * SHA-256 over the canonical JSON (RFC 8785) of what the agent would be given. Ids that a repeat may
 * choose anew do not count: the message's own, and the task's, which names the hash's owner.
 */
export function payloadHash(agentId: string, message: Message): string {
  const { messageId: _, taskId: __, ...asked } = message
  return hash('sha256', canonicalize({ agentId, ...asked }) ?? '', 'base64url')
}
