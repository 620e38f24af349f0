/** The loop of an LLM agent: ask the model, do what it wants done, until it has answered. */
import type { AgentStep } from '../../core/agent-step.ts'
import type { AgentOutput, AgentRequest } from '../agent.ts'
import { beginRun } from './begin-run.ts'
import type { LlmInit } from './begin-run.ts'
import { imagePart } from './message-parts.ts'
import type { ModelStep } from './model-step.ts'
import { openModelStep } from './model-step.ts'
import type { LlmRun } from './llm-run.ts'

/**
 * One generator for the text of all answers, because each more that a token passes costs four turns
 * of the event loop's queue.
 *
 * @yields text as it comes, steps, artifacts, and at most one question, last
 */
export async function* runLlm(
  init: LlmInit,
  request: AgentRequest
): AsyncGenerator<AgentOutput, void> {
  const run = await beginRun(init, request)
  for (;;) {
    if (run.hasCalls()) {
      const question = yield* run.makeCalls()
      if (question !== undefined) {
        yield question
        return
      }
    }
    // oxlint-disable-next-line no-await-in-loop -- only in a crowd
    await init.pace()
    const number = run.budget.beginStep()
    const started = init.clock.monotonic()
    const step = openStep(run, init)
    try {
      // What the model says is told as it comes.
      // oxlint-disable-next-line no-await-in-loop
      for (let told = await step.next(); told !== undefined; told = await step.next()) yield told
    } finally {
      // oxlint-disable-next-line no-await-in-loop
      await step.close()
    }
    yield* ended(run, step, { number, tookMs: Math.round(init.clock.monotonic() - started) })
    // oxlint-disable-next-line no-await-in-loop -- the next step needs what this one said
    const outputs = await run.take(step.result())
    if (outputs === undefined) continue
    yield* outputs
    return
  }
}

function openStep(run: LlmRun, { structured }: LlmInit): ModelStep {
  return openModelStep(run.choice, {
    call: run.call,
    simplify: run.simplify,
    streaming: structured === undefined,
    onPiece: run.budget.checkText,
    signal: run.signal
  })
}

/** What is told of an answer beside its text. */
function* ended(
  run: LlmRun,
  step: ModelStep,
  { number, tookMs }: { readonly number: number; readonly tookMs: number }
): Generator<AgentOutput, void> {
  const { model, answer } = step.result()
  const usage = answer.usage ?? run.guessUsage(answer)
  const cost = run.budget.spend(usage, model.price)
  if (answer.usage !== undefined) {
    yield progress({
      kind: 'usage',
      step: number,
      model: model.ref,
      inputTokens: usage.input,
      outputTokens: usage.output,
      ...(cost !== undefined && { cost })
    })
  }
  yield progress({ kind: 'step-end', step: number, finish: answer.finish, tookMs })
  for (const url of answer.images) {
    yield { type: 'artifact', artifact: { name: 'image', parts: [imagePart(url)] } }
  }
}

function progress(step: AgentStep): AgentOutput {
  return { type: 'progress', text: '', step }
}
