/** An agent of a hosted project as the node runs it: every run is handed to the project's process. */
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Agent, AgentOutput, AgentRequest } from '../agent.ts'
import { defineAgent, RESULT_ARTIFACT_ID } from '../agent.ts'
import type { HostedProject } from './hosted-project.ts'
import type { SessionOutput } from './host-session.ts'
import { fittingState, keptWith } from './kept-states.ts'
import type { KeptState } from './kept-states.ts'
import type { HostedAgent } from './protocol.ts'

/** What is kept with the questions of agents (kept-states.ts): on this node alone, and beyond the life of its process. */
export interface QuestionStates {
  get(task: TaskName): Promise<Json | undefined>
  /** Resolves when it is on disk. */
  put(task: TaskName, state: Json): Promise<void>
  delete(task: TaskName): Promise<void>
}

export type TaskName = Pick<AgentRequest, 'taskId' | 'caller'>

export interface HostedAgentComponents {
  readonly project: Pick<HostedProject, 'session'>
  readonly states: QuestionStates
}

/** Replaces what an attempt had said whose process died. */
const NOTHING_SAID: AgentOutput = {
  type: 'artifact',
  artifact: { artifactId: RESULT_ARTIFACT_ID, parts: [{ text: '' }] }
}

export function createHostedAgent(
  { project, states }: HostedAgentComponents,
  description: HostedAgent
): Agent {
  const agent: Agent = { ...defineAgent({ ...description, run }), foreignSchemas: true }

  async function* run(request: AgentRequest): AsyncGenerator<AgentOutput, void> {
    const answered = request.history.length > 1
    const before = answered ? await stateOf(request) : undefined
    for await (const { output, state } of attempts(request, before?.state)) {
      if (!isQuestion(output)) {
        yield output
        continue
      }
      await keep(request, before, state)
      yield output
      return
    }
    if (answered) await states.delete(request)
  }

  /** A process that dies takes the runs of it along: what does no harm is done once more. */
  async function* attempts(
    request: AgentRequest,
    state: Json | undefined
  ): AsyncGenerator<SessionOutput, void> {
    let said = false
    for (let attempt = 1; ; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- a second attempt follows the first
      const session = await project.session(request.signal)
      try {
        if (said) yield { output: NOTHING_SAID }
        // oxlint-disable-next-line no-await-in-loop -- as above
        for await (const item of session.run(agent.id, request, state)) {
          said = true
          yield item
        }
        return
      } catch (error) {
        const again = agent.idempotent && attempt < LIMITS.taskAttempts.value
        if (!again || !isDeath(error)) throw error
      }
    }
  }

  async function stateOf(request: AgentRequest): Promise<KeptState | undefined> {
    const kept = await states.get(request)
    return kept === undefined ? undefined : fittingState(kept, request.history.length)
  }

  async function keep(
    request: AgentRequest,
    before: KeptState | undefined,
    state: Json | undefined
  ): Promise<void> {
    if (state !== undefined) checkSize(state)
    const asked = { turns: request.history.length, ...(state !== undefined && { state }) }
    const kept = keptWith(before, asked)
    if (kept !== undefined) await states.put(request, kept)
    // Also after the first run: an attempt before it may have kept something, and died.
    else await states.delete(request)
  }

  return agent
}

/** @throws PAYLOAD_TOO_LARGE */
function checkSize(state: Json): void {
  const bytes = Buffer.byteLength(JSON.stringify(state))
  const limit = LIMITS.hostStateBytes.value
  if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
}

function isQuestion(output: AgentOutput): boolean {
  if (typeof output !== 'object' || output === null) return false
  return output.type === 'input-required' || output.type === 'auth-required'
}

function isDeath(error: unknown): boolean {
  return error instanceof LumosError && error.code === 'HOST_DIED'
}
