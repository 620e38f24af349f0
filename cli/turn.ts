/** One turn of a conversation: a task, its answer as it arrives, and Ctrl-C for this answer alone. */
import type { RunRequest } from '../client/api.ts'
import type { Client } from '../client/calls.ts'
import { LumosError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import type { LineReader } from './line-reader.ts'
import { createQuestions } from './questions.ts'
import { createTaskPrinter, type TaskPrinterInit } from './task-printer.ts'

/** The worker has so long to confirm that it stopped, before the next question may be typed. */
const CANCEL_TIMEOUT_MS = 5000

export interface TurnComponents {
  readonly cli: Cli
  readonly client: Client
  /** Who is asked when the agent asks back. */
  readonly reader: LineReader
}

export interface TurnInit extends TaskPrinterInit {
  readonly request: RunRequest & { readonly taskId: string }
  /** Told when the order is on disk: from then on it is not given again. */
  readonly accepted: () => void
}

/**
 * Resolves when the task has completed, or was cancelled by Ctrl-C.
 *
 * @throws what the task failed with; CANCELLED when the person wants to leave altogether
 */
export async function runTurn(components: TurnComponents, init: TurnInit): Promise<void> {
  const { cli, client } = components
  const { taskId } = init.request
  /** Aborts when the answer is not wanted any more. */
  const cancelled = new AbortController()
  /** Aborts when its end is not waited for any more. */
  const left = new AbortController()
  let leaves = false

  function interrupt(): void {
    if (cancelled.signal.aborted) {
      leaves = true
      return left.abort(new LumosError('CANCELLED'))
    }
    cancelled.abort(new LumosError('CANCELLED'))
    cli.note('cancelling; Ctrl-C again to leave at once')
    client
      .cancel(taskId, { timeoutMs: CANCEL_TIMEOUT_MS })
      .then(() => cli.clock.sleep(CANCEL_TIMEOUT_MS, left.signal))
      .catch(() => {})
      .finally(() => left.abort(cancelled.signal.reason))
  }

  const giveBack = cli.terminal.input.isTerminal
    ? cli.host.takeInterrupts(interrupt)
    : () => undefined
  cli.signal.addEventListener('abort', interrupt, { once: true })
  try {
    await follow(components, init, { left: left.signal, cancelled: cancelled.signal, interrupt })
  } catch (error) {
    if (!cancelled.signal.aborted || leaves) throw error
    cli.note('cancelled')
  } finally {
    giveBack()
    cli.signal.removeEventListener('abort', interrupt)
    left.abort()
  }
  cli.signal.throwIfAborted()
}

interface Interruption {
  readonly left: AbortSignal
  readonly cancelled: AbortSignal
  readonly interrupt: () => void
}

async function follow(
  { cli, client, reader }: TurnComponents,
  { request, accepted, ...printing }: TurnInit,
  { left, cancelled, interrupt }: Interruption
): Promise<void> {
  const printer = createTaskPrinter(cli, printing)
  const questions = createQuestions(cli, {
    client,
    task: request.taskId,
    cancelled,
    async read(signal) {
      const line = await reader.read('> ', signal)
      if (line.type === 'text') return line.text
      if (line.type === 'interrupted') interrupt()
      return undefined
    }
  })
  let ended = false
  try {
    for await (const event of client.run(request, { signal: left })) {
      if (event.type === 'accepted') accepted()
      ended = event.type === 'result'
      if (!questions.isOwn(event)) printer.print(event)
      if (event.type === 'input-required' && !(await questions.answer(event, left))) return
    }
  } finally {
    printer.end()
  }
  if (!ended) throw new LumosError('DAEMON_STOPPED')
}
