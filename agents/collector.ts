/** Gathers the `result` artifact from what an agent yields, as a caller would hold it at the end. */
import type { Part } from '../core/a2a.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { type AgentOutput, RESULT_ARTIFACT_ID } from './agent.ts'

export interface Collector {
  /** Throws PAYLOAD_TOO_LARGE above `LIMITS.agentAskBytes`, AGENT_FAILED for a question. */
  add(output: AgentOutput): void
  parts(): readonly Part[]
}

export function createCollector(agent: string): Collector {
  const limit = LIMITS.agentAskBytes.value
  let kept: readonly Part[] = []
  let text = ''
  let bytes = 0

  function spend(size: number): void {
    bytes += size
    if (bytes <= limit) return
    throw new LumosError('PAYLOAD_TOO_LARGE', { details: { agent, bytes, limit } })
  }

  return {
    add(output) {
      if (typeof output === 'string') {
        spend(output.length)
        text += output
      } else if (output.type === 'artifact' && output.artifact.artifactId === RESULT_ARTIFACT_ID) {
        for (const part of output.artifact.parts) spend(sizeOf(part))
        // Not appended: an artifact replaces what stood under its id before.
        kept = output.artifact.parts
        text = ''
      } else if (output.type === 'input-required' || output.type === 'auth-required') {
        const reason = 'it asks back, and who asked it is an agent itself'
        throw new LumosError('AGENT_FAILED', { details: { agent, reason } })
      }
    },
    parts: () => (text === '' ? kept : [...kept, { text }])
  }
}

function sizeOf({ text, raw, url, data }: Part): number {
  return data === undefined ? (text ?? raw ?? url ?? '').length : JSON.stringify(data).length
}
