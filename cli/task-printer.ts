/** Shows a task as it happens: its text plainly on stdout, who and what and when on stderr. */
import type { RunEvent } from '../client/api.ts'
import type { AgentStep } from '../core/agent-step.ts'
import type { Artifact, Part } from '../core/a2a.ts'
import { HIDDEN_MEDIA_TYPE } from '../core/a2a.ts'
import { ERRORS, EXIT } from '../core/error-table.ts'
import { fromWireError, LumosError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { createEnsembleTeller, isEnsemble, type EnsembleTeller } from './ensemble-lines.ts'
import { bytes, duration, percent, shortId, stateName } from './format.ts'
import { createProgress, type Progress } from './progress.ts'
import { createStepLines, type StepLines } from './step-lines.ts'
import { oneLine, printable } from './width.ts'

export type ResultEvent = Extract<RunEvent, { type: 'result' }>

export type RoutedEvent = Extract<RunEvent, { type: 'routed' }>
type StatusEvent = Extract<RunEvent, { type: 'status' }>
type QuestionEvent = Extract<RunEvent, { type: 'input-required' }>
type Interruption = Extract<RunEvent, { type: 'retry' | 'waiting' | 'resumed' | 'restarted' }>
type HedgeEvent = Extract<RunEvent, { type: 'hedged' | 'hedge-lost' }>

export interface TaskPrinter {
  /** Throws at the result of a task that did not complete, or sets the exit code. */
  print(event: RunEvent): void
  /** Leaves the terminal in order, wherever the story broke off. */
  end(): void
}

/** How a story is told besides its text; without these as `lumos run` tells it. */
export interface TaskPrinterInit {
  /** Who does it; nothing when `undefined`. */
  readonly routed?: (event: RoutedEvent) => string | undefined
  /** The last line of a task that completed; `cost` is empty when no model was asked. */
  readonly done?: (event: ResultEvent, cost: string) => string | undefined
}

export function createTaskPrinter(cli: Cli, init: TaskPrinterInit = {}): TaskPrinter {
  if (cli.flags.json) return { print: (event) => printJson(event, cli), end() {} }
  return new TextPrinter(cli, init)
}

class TextPrinter implements TaskPrinter {
  readonly #cli: Cli
  readonly #init: TaskPrinterInit
  readonly #progress: Progress
  readonly #text: TextOutput
  readonly #steps: StepLines
  readonly #ensemble: EnsembleTeller
  #worker = ''
  #lastStatus = ''

  constructor(cli: Cli, init: TaskPrinterInit) {
    this.#cli = cli
    this.#init = init
    this.#progress = createProgress(cli)
    this.#text = createTextOutput(cli)
    this.#steps = createStepLines(cli)
    this.#ensemble = createEnsembleTeller(cli, { endLine: () => this.#text.end() })
  }

  print(given: RunEvent): void {
    const event = this.#ensemble.tell(given)
    if (event === undefined) return this.#progress.clear()
    switch (event.type) {
      case 'routed':
        this.#worker = oneLine(event.worker.name)
        this.#note((this.#init.routed ?? ((routed) => routedLine(routed, this.#cli)))(event))
        return this.#progress.show(`${this.#worker}  waiting`)
      case 'accepted':
        return this.#progress.show(`${this.#worker}  accepted`)
      case 'status':
        return event.step === undefined ? this.#status(event) : this.#stepped(event.step)
      case 'artifact':
        this.#progress.clear()
        return this.#text.write(event.artifact, event.append)
      case 'input-required':
        return this.#asked(event)
      case 'answered':
        return this.#cli.note(`  answered: ${oneLine(event.text)}`)
      case 'hedged':
      case 'hedge-lost':
        this.#progress.clear()
        return this.#cli.note(hedgeNote(event, this.#worker))
      case 'retry':
      case 'waiting':
      case 'resumed':
      case 'restarted':
        return this.#interrupted(event)
      case 'result':
        return this.#finish(event)
    }
  }

  end(): void {
    this.#progress.clear()
    this.#text.end()
  }

  #note(line: string | undefined): void {
    if (line !== undefined) this.#cli.note(line)
  }

  #status({ text: said = '', fraction, state }: StatusEvent): void {
    const share = fraction === undefined ? '' : `  ${percent(fraction)}`
    const line = `${this.#worker}  ${oneLine(said) || stateName(state)}`
    if (!this.#text.started()) this.#progress.show(line + share)
    if (!this.#cli.terminal.err.isTerminal && said !== '' && line !== this.#lastStatus) {
      this.#cli.note(`  ${line}`)
    }
    this.#lastStatus = line
  }

  #stepped(step: AgentStep): void {
    const line = this.#steps.line(step)
    const now = this.#steps.progress(step) ?? (line === undefined ? undefined : 'working')
    if (now === undefined) return
    this.#progress.clear()
    // It would stand in the middle of a line of the text; a file has the text alone.
    if (this.#cli.terminal.out.isTerminal) this.#text.end()
    this.#note(line)
    this.#progress.show(`${this.#worker}  ${now}`)
  }

  #asked(event: QuestionEvent): void {
    this.#progress.clear()
    // Its text may go on with the answer, as after an interruption.
    if (this.#cli.terminal.out.isTerminal) this.#text.end()
    // Not a note: whoever is asked has to know, however quiet they want it.
    this.#cli.terminal.err.write(questionText(event, this.#worker))
  }

  #interrupted(event: Interruption): void {
    this.#progress.clear()
    const started = this.#text.started()
    const note = interruptionNote(event, { worker: this.#worker, started })
    const goesOn = event.type === 'waiting' || event.type === 'resumed'
    // A file must not get a line end in the middle of a text that goes on.
    if (!goesOn || this.#cli.terminal.out.isTerminal) this.#text.end()
    this.#cli.note(note)
    if (event.type === 'waiting') this.#progress.show(`${this.#worker}  waiting`)
  }

  #finish(event: ResultEvent): void {
    this.#progress.clear()
    if (!this.#text.started()) {
      for (const artifact of event.task.artifacts) this.#text.write(artifact, false)
    }
    this.#text.end()
    const failure = failureOf(event)
    if (failure !== undefined) throw failure
    const { done = (ended, cost) => doneLine(ended, cost, this.#cli) } = this.#init
    this.#note(done(event, this.#steps.cost()))
  }
}

function questionText({ auth, text, parts = [] }: QuestionEvent, worker: string): string {
  const wish = text === '' ? (auth ? 'a permission' : 'an answer') : oneLine(text)
  const rest = parts.flatMap(({ url, data, mediaType }) => {
    if (mediaType === HIDDEN_MEDIA_TYPE) return []
    if (url !== undefined) return [`  ${oneLine(url)}`]
    return data === undefined ? [] : [`  ${oneLine(JSON.stringify(data))}`]
  })
  const lines = [`? ${worker === '' ? '' : `${worker}: `}${wish}`, ...rest]
  return lines.map((line) => `${line}\n`).join('')
}

function interruptionNote(
  event: Interruption,
  { worker, started }: { readonly worker: string; readonly started: boolean }
): string {
  if (event.type === 'retry') {
    const again = started ? ', from the beginning' : ''
    return `! ${oneLine(event.error.message)}: trying again${again}`
  }
  if (event.type === 'waiting') {
    return `! lost contact with ${worker} (${oneLine(event.error.message)}): waiting for it`
  }
  if (event.type === 'resumed') return `  ${worker} is back`
  if (event.worker !== undefined) {
    return `! ${worker} goes on with it${started ? ': what was said so far does not count' : ''}`
  }
  return `! ${worker} was interrupted${started ? ': what it said so far does not count' : ''}`
}

function hedgeNote(event: HedgeEvent, first: string): string {
  const other = oneLine(event.worker.name)
  if (event.type === 'hedged') {
    return `  ${first} takes longer than usual (${duration(event.afterMs)}): ${other} is asked as well`
  }
  if (event.error === undefined) return `  ${first} answers first: ${other} is told to stop`
  return `  ${other} does not do it: ${oneLine(event.error.message)}`
}

function printJson(event: RunEvent, cli: Cli): void {
  cli.line(event)
  const failure = event.type === 'result' ? failureOf(event) : undefined
  if (failure !== undefined) cli.exitCode = ERRORS[failure.code].exit
}

/** Undefined for a task that completed. Whatever went wrong over there exits with 7, or 6 for time. */
export function failureOf({ task, error, worker }: ResultEvent): LumosError | undefined {
  if (task.state === 'TASK_STATE_COMPLETED') return undefined
  const cause = error && fromWireError(error)
  const exit = cause && ERRORS[cause.code].exit
  if (exit === EXIT.taskFailed || exit === EXIT.timedOut) return cause
  const reason = cause?.message ?? `it is ${stateName(task.state)}`
  const details = { reason, task: task.id, worker: worker.name }
  return new LumosError('TASK_FAILED', { ...(cause && { cause }), details })
}

function routedLine(event: RoutedEvent, cli: Cli): string | undefined {
  // Who is asked is told as soon as it is known.
  if (isEnsemble(event)) return undefined
  const { agent, worker, path, candidates, lookupMs } = event
  const style = cli.err()
  const where = path === 'local' ? 'this node' : oneLine(worker.name)
  const choice = candidates > 1 ? `best of ${candidates}` : 'the only one'
  return `${style.accent('→')} ${style.strong(oneLine(agent))} on ${style.strong(where)}   ${style.faint(`${path}, ${choice}, found in ${duration(lookupMs)}`)}`
}

function doneLine(
  { task, worker, tookMs, firstEventMs }: ResultEvent,
  cost: string,
  cli: Cli
): string {
  const style = cli.err()
  const first = firstEventMs === null ? '' : `, first event after ${duration(firstEventMs)}`
  const facts = `${duration(tookMs)}${first}   ${oneLine(worker.name)}   task ${shortId(task.id)}${cost && `   ${cost}`}`
  return `${style.good('✓')} ${style.faint(facts)}`
}

interface TextOutput {
  /** Whether anything was said. */
  started(): boolean
  write(artifact: Artifact, append: boolean): void
  /** Ends the line. */
  end(): void
}

/** Streams artifacts: pieces of one are joined, different ones begin on a line of their own. */
function createTextOutput(cli: Cli): TextOutput {
  const { out } = cli.terminal
  let artifactId: string | undefined
  let endsLine = true
  let saidText = false

  function put(text: string): void {
    if (text === '') return
    out.write(out.isTerminal ? printable(text) : text)
    endsLine = text.endsWith('\n')
  }

  function end(): void {
    if (!endsLine) out.write('\n')
    endsLine = true
  }

  return {
    started: () => artifactId !== undefined,
    write(artifact: Artifact, append: boolean): void {
      if (artifact.artifactId !== artifactId || !append) end()
      artifactId = artifact.artifactId
      for (const part of artifact.parts) {
        if (part.text !== undefined) {
          saidText ||= part.text !== ''
          put(part.text)
        }
        // Data beside text mostly says the same again, for programs.
        else if (part.data !== undefined && saidText) cli.note(dataNote(artifact))
        else if (part.data !== undefined) put(`${JSON.stringify(part.data, null, 2)}\n`)
        else if (part.url !== undefined) put(`${part.url}\n`)
        else cli.note(binaryNote(part))
      }
    },
    end
  }
}

function dataNote({ name, artifactId }: Artifact): string {
  return `(data "${oneLine(name ?? artifactId)}": --json shows it)`
}

function binaryNote({ raw = '', mediaType = 'binary', filename }: Part): string {
  const name = filename === undefined ? '' : ` ${oneLine(filename)}`
  return `(${oneLine(mediaType)}${name}, ${bytes((raw.length * 3) / 4)}: only --json shows it)`
}
