/** A task for one request of an OpenAI client: it ends with the request, unless its answer was to be kept. */
import type { Message, StreamResponse } from '../../core/a2a.ts'
import type { EdgeService } from '../../tasks/edge/service.ts'
import { refusalIn } from '../http/credential-watch.ts'
import type { Answer } from './answer.ts'

export interface EdgeTasks {
  readonly service: Pick<
    EdgeService,
    'cancelTask' | 'getTask' | 'sendMessage' | 'sendStreamingMessage' | 'subscribeToTask'
  >
  /** Stops a task that nobody waits for any more, without waiting for that. */
  readonly abandon: (id: string) => void
  /** Forgets a task that has ended. @throws TASK_RUNNING */
  readonly forget: (id: string) => Promise<void>
}

export interface EdgeAsk {
  /** The agent, as it is named over HTTP. */
  readonly model: string
  readonly message: Message
  readonly owner: string
  /** Aborts when the client has gone or is not let in any more, or the node stops. */
  readonly signal: AbortSignal
  /** Whether a question of the agent may wait for its answer. */
  readonly mayWait: boolean
  /** Whether the task goes on when nobody reads along any more. */
  readonly goesOn?: boolean
}

/**
 * Lets `answer` take each update and yields what that returned, first of all for the Task. Whoever stops
 * reading stops the task: clients of OpenAI hang up to save what an answer costs.
 *
 * @throws what the task failed with, also at its end
 */
export async function* answering(
  { service, abandon }: EdgeTasks,
  answer: Answer,
  { model, message, owner, signal, mayWait, goesOn = false }: EdgeAsk
): AsyncGenerator<string | undefined, void> {
  let id: string | undefined
  const onTask = (task: string): void => void (id = task)
  const isOver = (): boolean => answer.isOver || (mayWait && answer.question !== undefined)
  const updates: AsyncIterable<StreamResponse> = service.sendStreamingMessage(
    { tenant: model, message },
    { owner, signal, onTask }
  )
  try {
    for await (const update of updates) {
      const piece = answer.take(update)
      // What it said before the question is not said again.
      yield message.taskId && update.task ? answer.nextTurn() : piece
    }
  } finally {
    // Who was shut out did not hang up: it finds the task among its others when it comes with a new credential.
    const isShutOut = refusalIn(signal) !== undefined
    if (id !== undefined && !goesOn && !isShutOut && !isOver()) abandon(id)
  }
  const failure = answer.failure()
  if (failure !== undefined) throw failure
}
