/** What a hosted agent may ask of its node while it runs: everything that agents inside the node are given. */
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import type { AgentRequest } from '../agent.ts'
import type { ModelCall, Models } from '../models/model.ts'
import { askThrough } from './call-ask.ts'
import { ProtocolFlaw } from './call-lines.ts'
import type { CallFailure } from './call-lines.ts'
import { memoryAnswers } from './call-memory.ts'
import { toolboxAnswers } from './call-toolbox.ts'
import type { Answers, LineCalls } from './line-calls.ts'

export interface CallsComponents {
  readonly request: AgentRequest
  /** Calls that the node makes to the project: its tools, its uploads. */
  readonly project: () => LineCalls
  /** For each tool of the agent the same object as in other runs of it. */
  readonly sharedTool: (id: string) => object
}

export function createAnswers(components: CallsComponents): Answers {
  const { request } = components
  const toolbox = toolboxAnswers(components)
  return {
    ask: (call) => askThrough(toolbox.askOf(call.params) ?? request.ask, call),
    ...memoryAnswers(components),
    ...(request.models && modelAnswers(request.models)),
    ...(request.toolbox && toolbox.answers)
  }
}

/** The node knows the keys and asks; the agent is given the words. */
function modelAnswers(models: Models): Answers {
  return {
    async *'models.stream'({ params, signal }) {
      const { model: name, call } = params
      if (!isJsonObject(call)) throw new ProtocolFlaw('a question to a model without "call"')
      const { ref, price, ...model } = asked(models, name)
      yield { ref, ...(price && { price }) }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the model's server checks it
      yield* model.stream(call as unknown as ModelCall, { signal })
    },
    async 'models.embed'({ params: { texts }, signal }) {
      if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
        throw new ProtocolFlaw('vectors of what is no list of texts')
      }
      const model = models.embedding()
      if (model === undefined) throw new LumosError('MODEL_NONE')
      const vectors = await model.embed(texts, { signal })
      return vectors.map((vector) => [...vector])
    }
  }
}

function asked(models: Models, name: Json | undefined) {
  const model = models.get(typeof name === 'string' ? name : undefined)
  return { ref: model.ref, price: model.price, stream: model.stream.bind(model) }
}

/** What failed here, as the agent is told. */
export function nodeFailure(error: unknown): CallFailure {
  if (error instanceof LumosError) return { ...error.toWire(), details: { ...error.details } }
  const reason = error instanceof ProtocolFlaw || error instanceof TypeError ? error.message : ''
  return nodeFailure(
    new LumosError(reason === '' ? 'INTERNAL' : 'INVALID_REQUEST', { details: { reason } })
  )
}
