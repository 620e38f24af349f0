/** A task that came in over HTTP, as the outbox tells of it. */
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import type { EdgeView } from '../../tasks/edge/story.ts'
import { say } from './tasks.ts'

export const WORKER = { id: '12D3KooWPeer', name: 'birch' }

export const VIEW: EdgeView = {
  id: 'task',
  parent: undefined,
  target: '@echo',
  message: say('go'),
  state: 'TASK_STATE_WORKING',
  worker: WORKER,
  agentId: 'echo',
  createdAt: 0,
  updatedAt: 10,
  tookMs: undefined,
  error: undefined,
  artifacts: [],
  history: [say('go')],
  chain: undefined,
  usage: undefined,
  question: undefined,
  edge: { owner: 'http:a', agent: 'echo', contextId: 'context' }
}

export function piece(text: string): DelegationEvent {
  const artifact = { artifactId: 'result', parts: [{ text }] }
  return { type: 'artifact', artifact, append: true, lastChunk: false, atMs: 1 }
}
