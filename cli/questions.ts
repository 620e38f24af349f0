/** What `lumos run` does when an agent asks: a person here answers, anybody else is told how to. */
import type { RunEvent } from '../client/api.ts'
import type { Client } from '../client/calls.ts'
import { EXIT } from '../core/error-table.ts'
import { LumosError } from '../core/errors.ts'
import { createIdSource } from '../core/ids.ts'
import { systemRandom } from '../core/random.ts'
import type { Cli } from './cli.ts'
import { shortId } from './format.ts'

type QuestionEvent = Extract<RunEvent, { type: 'input-required' }>

export interface Questions {
  /** Whether the event says only what was just typed here. */
  isOwn(event: RunEvent): boolean
  /**
   * True when the story goes on: the question was answered, here or before. False with `--json` when
   * nobody is here to answer; else TASK_WAITING is thrown then.
   */
  answer(question: QuestionEvent, signal: AbortSignal): Promise<boolean>
}

export interface QuestionsInit {
  readonly client: Client
  readonly task: string
  /** Aborts when the task was cancelled: its end is told by the story then. Default: Ctrl-C. */
  readonly cancelled?: AbortSignal
  /** Reads the answer where somebody is there in any case; `undefined` when they leave. */
  readonly read?: (signal: AbortSignal) => Promise<string | undefined>
}

export function createQuestions(
  cli: Cli,
  { client, task, read, cancelled = cli.signal }: QuestionsInit
): Questions {
  const { terminal, flags } = cli
  const own = new Set<string>()
  const ids = createIdSource(cli.clock, systemRandom)
  const isAttended =
    read !== undefined || (terminal.input.isTerminal && terminal.err.isTerminal && !flags.json)

  /** The story of a known task begins with questions that were answered long ago. */
  async function isOpen({ atMs }: QuestionEvent): Promise<boolean> {
    const { task: view } = await client.task(task, cli.call())
    return view.question?.atMs === atMs
  }

  async function readFromTerminal(signal: AbortSignal): Promise<string | undefined> {
    terminal.err.write('> ')
    const line = await terminal.input.readLine(signal)
    if (line === undefined) terminal.err.write('\n')
    return line
  }

  /** `undefined` when the person wants to leave; a permission may be given by Enter alone. */
  async function readAnswer(auth: boolean, signal: AbortSignal): Promise<string | undefined> {
    for (;;) {
      const line = await (read ?? readFromTerminal)(signal)
      if (line === undefined || auth || line.trim() !== '') return line
    }
  }

  function unlessCancelled(error: unknown): undefined {
    if (!cancelled.aborted) throw error
  }

  return {
    isOwn: (event) => event.type === 'answered' && own.has(event.messageId),
    async answer(question, signal) {
      if (!(await isOpen(question))) return true
      const either = AbortSignal.any([signal, cancelled])
      const text = isAttended
        ? await readAnswer(question.auth, either).catch(unlessCancelled)
        : undefined
      if (cancelled.aborted) return true
      if (text !== undefined) {
        const messageId = ids()
        own.add(messageId)
        await client.answer(task, { text, messageId }, cli.call())
        return true
      }
      if (!flags.json) throw new LumosError('TASK_WAITING', { details: { task: shortId(task) } })
      cli.exitCode = EXIT.taskWaiting
      return false
    }
  }
}
