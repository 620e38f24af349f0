/** A conversation with one agent: message after message in one thread, wherever it is answered. */
import type { AgentSummary, RunRequest } from '../client/api.ts'
import type { Client } from '../client/calls.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { IdSource } from '../core/ids.ts'
import { withAdvice } from './advice.ts'
import { targetOf } from './arguments.ts'
import type { Cli } from './cli.ts'
import { renderColumns } from './columns.ts'
import { renderFailure } from './failure.ts'
import { duration, shortId } from './format.ts'
import type { LineReader } from './line-reader.ts'
import type { ResultEvent, RoutedEvent } from './task-printer.ts'
import { readHistory, renderHistory } from './thread-history.ts'
import { runTurn } from './turn.ts'
import { oneLine } from './width.ts'

export interface ConversationComponents {
  readonly cli: Cli
  readonly client: Client
  readonly reader: LineReader
  readonly ids: IdSource
}

export interface ConversationInit {
  /** As in `lumos run`. */
  readonly target: string
  /** The only node that may answer. */
  readonly to: string | undefined
  /** `contextId` of all its tasks; a new one without it. */
  readonly thread: string | undefined
}

const HELP = `  /new              begin a new thread
  /thread [ID]      which thread this is, or go on with that one
  /agents [AGENT]   whom one can talk to, or talk to that one from now on
  /quit             leave, as Ctrl-D does; Ctrl-C stops an answer
  A message that begins with a slash is written with two. A pasted text is one message.
`

export class Conversation {
  readonly #parts: ConversationComponents
  readonly #to: string | undefined
  readonly #isAttended: boolean
  /** It goes on with a thread that somebody named. */
  readonly #goesOn: boolean
  #target: string
  #thread: string
  /** Who answered last has the thread at hand: it is asked first. */
  #worker: RoutedEvent['worker'] | undefined
  #turns = 0

  constructor(parts: ConversationComponents, { target, to, thread }: ConversationInit) {
    this.#parts = parts
    this.#target = target
    this.#to = to
    this.#thread = thread ?? parts.ids()
    this.#goesOn = thread !== undefined
    const { input, err } = parts.cli.terminal
    this.#isAttended = input.isTerminal && err.isTerminal && !parts.cli.flags.json
  }

  /** Ends with the input; in a script also with the first message that fails. */
  async hold(): Promise<void> {
    const { cli, reader } = this.#parts
    const { accent, faint, strong } = cli.err()
    if (this.#isAttended) {
      const where = `thread ${shortId(this.#thread)}   /help, Ctrl-D to leave`
      cli.note(`${strong(oneLine(this.#target))}   ${faint(where)}`)
    }
    if (this.#goesOn) await this.#recount()
    let interrupted = false
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a conversation is one thing after the other
      const line = await reader.read(accent('› '), cli.signal)
      if (line.type === 'ended' || (line.type === 'interrupted' && interrupted)) break
      interrupted = line.type === 'interrupted'
      if (line.type === 'interrupted') cli.note(faint('Ctrl-C again, or Ctrl-D, to leave'))
      // oxlint-disable-next-line no-await-in-loop -- as above
      else if (!(await this.#hear(line.text.trim()))) break
    }
    if (this.#turns === 0) return
    cli.note(faint(`go on: lumos chat ${oneLine(this.#target)} --thread ${this.#thread}`))
  }

  /** False for the word that ends it all. */
  async #hear(said: string): Promise<boolean> {
    const [word = '', rest = ''] = said.split(/\s+/, 2)
    try {
      switch (word) {
        case '':
          return true
        case '/quit':
        case '/exit':
          return false
        case '/help':
          this.#tell(HELP)
          return true
        case '/new':
          this.#enter(this.#parts.ids())
          return true
        case '/thread':
          this.#enter(rest || this.#thread)
          if (rest !== '') await this.#recount()
          return true
        case '/agents':
          await this.#agents(rest)
          return true
        default:
          if (/^\/[a-z]+$/.test(word)) throw unknownCommand(word)
          await this.#say(said)
      }
    } catch (error) {
      this.#fail(toLumosError(error))
    }
    return true
  }

  #tell(text: string): void {
    this.#parts.cli.terminal.err.write(text)
  }

  #enter(thread: string): void {
    if (thread !== this.#thread) this.#worker = undefined
    this.#thread = thread
    this.#tell(`thread ${thread}\n`)
  }

  /** Only for eyes: a script reads `lumos memory ls`. */
  async #recount(): Promise<void> {
    const { cli, client } = this.#parts
    if (!this.#isAttended) return
    this.#tell(renderHistory(await readHistory(client, this.#thread, cli), cli))
  }

  async #agents(wanted: string): Promise<void> {
    const { cli, client } = this.#parts
    const { agents } = await client.agents(cli.call())
    if (wanted === '') return this.#tell(renderAgents(agents, cli))
    this.#target = wanted
    this.#worker = undefined
    this.#tell(`now talking to ${oneLine(wanted)}\n`)
  }

  async #say(said: string): Promise<void> {
    const text = said.replace(/^\/\//, '/')
    const before = this.#worker
    let accepted = false
    const onAccepted = (): void => {
      accepted = true
    }
    try {
      await this.#turn(text, onAccepted)
    } catch (error) {
      if (accepted || before === undefined || !isAbsence(toLumosError(error))) throw error
      this.#worker = undefined
      this.#parts.cli.note(`! ${oneLine(before.name)} cannot be reached: somebody else goes on`)
      await this.#turn(text, onAccepted)
    }
  }

  async #turn(text: string, accepted: () => void): Promise<void> {
    const { cli, client, ids } = this.#parts
    const { timeoutMs } = cli.flags
    const to = this.#to ?? this.#worker?.id
    const request: RunRequest & { readonly taskId: string } = {
      target: targetOf(this.#target),
      text,
      taskId: ids(),
      contextId: this.#thread,
      ...(to !== undefined && { to }),
      ...(timeoutMs !== undefined && { timeoutMs })
    }
    try {
      await runTurn(this.#parts, {
        request,
        accepted,
        routed: (event) => this.#routed(event),
        done: (event, cost) => this.#done(event, cost)
      })
      this.#turns += 1
    } catch (error) {
      throw await withAdvice(toLumosError(error), { client, target: this.#target, command: 'chat' })
    }
  }

  /** Told when it changes: most of the time it is who it was. */
  #routed({ worker, agent, path }: RoutedEvent): string | undefined {
    const isNew = this.#worker?.id !== worker.id
    this.#worker = worker
    if (!isNew || !this.#isAttended) return undefined
    const where = path === 'local' ? 'this node' : oneLine(worker.name)
    return this.#parts.cli.err().faint(`→ ${oneLine(agent)} on ${where}`)
  }

  #done({ tookMs, worker }: ResultEvent, cost: string): string | undefined {
    if (!this.#isAttended) return undefined
    const facts = [duration(tookMs), oneLine(worker.name), cost].filter((fact) => fact !== '')
    return `${this.#parts.cli.err().faint(`  ${facts.join('   ')}`)}\n`
  }

  /** A person reads it and goes on; a script ends. */
  #fail(error: LumosError): void {
    const { cli } = this.#parts
    const isOver = ['DAEMON_DOWN', 'DAEMON_STOPPED', 'CANCELLED'].includes(error.code)
    if (!this.#isAttended || isOver) throw error
    const context = { sink: cli.terminal.err, style: cli.err(), debug: cli.flags.debug }
    this.#tell(`${renderFailure(error, context)}\n`)
  }
}

function unknownCommand(word: string): LumosError {
  const details = { reason: `"${word}" is no command`, suggestion: '/help' }
  return new LumosError('USAGE', { details })
}

/** Whether the one who was asked by name is not there, and another one may be. */
function isAbsence({ code, retry }: LumosError): boolean {
  return retry || code === 'NO_ROUTE' || code === 'PEER_UNKNOWN'
}

/** One line an agent, whatever number of nodes has it. */
export function renderAgents(agents: readonly AgentSummary[], cli: Cli): string {
  const style = cli.err()
  const byId = Map.groupBy(agents, ({ id }) => id)
  const rows = Array.from(byId.values(), (same) => ({ same, agent: same[0] }))
  return renderColumns(
    [
      { title: 'AGENT', cell: ({ agent }) => agent?.id ?? '', paint: (text) => style.strong(text) },
      { title: 'NODES', cell: ({ same }) => same.map(({ node }) => node.name).join(',') },
      { title: 'DESCRIPTION', cell: ({ agent }) => agent?.description ?? '', elastic: true }
    ],
    rows,
    { sink: cli.terminal.err, style }
  )
}
