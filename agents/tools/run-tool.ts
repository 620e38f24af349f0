/** Runs one call of a tool until it ends, is out of time, or is wanted by nobody any more. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import type { Tool, ToolContext } from './tool.ts'

export interface ToolRun {
  readonly tool: Tool
  /** As {@link Tool.parse} gave it. */
  readonly input: unknown
  readonly context: Omit<ToolContext, 'signal' | 'abortSignal'>
  /** Ends the run of the agent that calls. */
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Called when the tool has really ended, perhaps long after this was given up. */
  readonly over: () => void
}

/** @throws TOOL_TIMED_OUT, the reason of `signal`, whatever the tool throws */
export async function runTool(
  clock: Pick<Clock, 'after' | 'monotonic'>,
  { tool, input, context, signal, timeoutMs, over }: ToolRun
): Promise<Json> {
  const controller = new AbortController()
  const cancel = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  const stopTimer = clock.after(timeoutMs, () =>
    controller.abort(new LumosError('TOOL_TIMED_OUT', { details: { tool: tool.id, timeoutMs } }))
  )
  const began = clock.monotonic()
  let ended = false
  const work = begin(tool, input, {
    ...context,
    signal: controller.signal,
    abortSignal: controller.signal,
    remainingMs: () => Math.min(context.remainingMs(), timeoutMs - (clock.monotonic() - began)),
    // Nobody listens to what is said behind the result.
    say: (text) => void (ended || context.say(text))
  })
  work.then(over, over)
  try {
    return await unlessAborted(work, controller.signal)
  } finally {
    ended = true
    stopTimer()
    signal.removeEventListener('abort', cancel)
  }
}

/** A tool is plain JavaScript to us: it may throw before it returns a promise. */
async function begin(tool: Tool, input: unknown, context: ToolContext): Promise<Json> {
  context.signal.throwIfAborted()
  return tool.execute(input, context)
}
