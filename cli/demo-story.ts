/** Tells what happens in `lumos demo`, with the time that each step really took. */
import type { RunEvent } from '../client/api.ts'
import { textOf, type Artifact } from '../core/a2a.ts'
import type { Cli } from './cli.ts'
import type { DemoNode } from './demo-nodes.ts'
import { duration, percent, plural, shortId, stateName } from './format.ts'
import { createProgress, type Progress } from './progress.ts'
import type { ResultEvent } from './task-printer.ts'
import { displayWidth, oneLine, padEnd, padStart, printable } from './width.ts'

export interface Meeting {
  /** The peer that was met. */
  readonly name: string
  readonly tookMs: number
  readonly rttMs: number | null
}

export interface DemoStory {
  waiting(text: string): void
  begun(nodes: { readonly caller: DemoNode; readonly worker: DemoNode }): void
  met(meeting: Meeting): void
  asked(text: string): void
  event(event: RunEvent): void
  done(result: ResultEvent, totalMs: number): void
  /** Leaves the terminal ready for an error. */
  quiet(): void
}

const TEXT_WIDTH = 72
const TIME_WIDTH = 7
const TIME_AT = 72

export function createDemoStory(cli: Cli): DemoStory {
  return cli.flags.json ? jsonStory(cli) : toldStory(cli)
}

function jsonStory(cli: Cli): DemoStory {
  let seq = 0
  const say = (type: string, fields: object): void => {
    cli.line({ v: 1, seq, type, ...fields })
    seq += 1
  }
  return {
    waiting() {},
    begun: ({ caller, worker }) => say('started', { caller: facts(caller), worker: facts(worker) }),
    met: (meeting) => say('met', meeting),
    asked: (text) => say('asked', { text }),
    event: (event) => say('event', { event }),
    done: ({ task, worker, tookMs, firstEventMs }, totalMs) =>
      say('result', { task, worker, tookMs, firstEventMs, totalMs: Math.round(totalMs) }),
    quiet() {}
  }
}

function facts({ started, tookMs }: DemoNode): object {
  const { peerId, name, pid } = started
  return { id: peerId, name, pid, tookMs: Math.round(tookMs) }
}

function toldStory(cli: Cli): DemoStory {
  const progress = createProgress(cli)
  const { accent, faint, good, strong } = cli.out()
  const steps = createSteps(cli, progress)
  let caller = ''
  let tell: ((event: RunEvent) => void) | undefined
  return {
    waiting: (text) => progress.show(text),
    begun(nodes) {
      progress.clear()
      cli.print(
        faint('Two nodes on this machine, each a process with a key and a folder of its own.')
      )
      caller = nodes.caller.started.name
      const worker = nodes.worker.started.name
      steps.align([caller, worker])
      tell = createEventTeller({ cli, progress, steps, caller, worker })
      for (const { started, tookMs } of [nodes.caller, nodes.worker]) {
        const what = `started   pid ${started.pid}, id ${shortId(started.peerId)}`
        steps.add({ mark: good('✓'), who: started.name, what, ms: tookMs })
      }
    },
    met({ tookMs, name }) {
      const what = `met ${strong(name)} on this host, encrypted session`
      steps.add({ mark: good('✓'), who: caller, what, ms: tookMs })
    },
    asked(text) {
      progress.clear()
      cli.print('')
      steps.add({ mark: accent('⇢'), who: caller, what: `asks: ${strong(text)}` })
    },
    event: (event) => tell?.(event),
    done({ task, worker, tookMs, firstEventMs }, totalMs) {
      progress.clear()
      printAnswer(task.artifacts, cli)
      const first = firstEventMs === null ? '' : `, first event after ${duration(firstEventMs)}`
      const what = `did the work${first}`
      steps.add({ mark: good('✓'), who: worker.name, what, ms: tookMs })
      steps.add({ mark: good('✓'), who: 'both', what: 'from nothing to this answer', ms: totalMs })
    },
    quiet: () => progress.clear()
  }
}

interface Step {
  readonly mark: string
  readonly who: string
  readonly what: string
  /** How long it took, or when it happened. */
  readonly ms?: number
}

interface Steps {
  /** Names to leave room for. */
  align(names: readonly string[]): void
  add(step: Step): void
}

/** Lines of one form: mark, who, what, and the time at the right. */
function createSteps(cli: Cli, progress: Progress): Steps {
  const { faint, strong } = cli.out()
  let width = 0
  return {
    align(names) {
      width = Math.max(...names.map(displayWidth))
    },
    add({ mark, who, what, ms }) {
      progress.clear()
      const text = what.replaceAll('\n', ' ')
      const line = padEnd(`${mark} ${padEnd(strong(oneLine(who)), width)}  ${text}`, TIME_AT)
      const time = ms === undefined ? '' : padStart(duration(ms), TIME_WIDTH)
      cli.print(`${line} ${faint(time)}`.trimEnd())
    }
  }
}

interface TellerInit {
  readonly cli: Cli
  readonly progress: Progress
  readonly steps: Steps
  readonly caller: string
  readonly worker: string
}

function createEventTeller(init: TellerInit): (event: RunEvent) => void {
  const { cli, progress, steps, caller, worker } = init
  const { accent, doubtful, strong } = cli.out()
  const asks = accent('⇢')
  const works = accent('⇠')
  let lastStatus = ''

  function status({ text, state, fraction, atMs }: Extract<RunEvent, { type: 'status' }>): void {
    const said = oneLine(text ?? '')
    const share = fraction === undefined ? '' : ` ${percent(fraction)}`
    progress.show(`${worker}  ${said || stateName(state)}${share}`)
    if (said === '' || said === lastStatus) return
    lastStatus = said
    steps.add({ mark: works, who: worker, what: said, ms: atMs })
  }

  return (event) => {
    switch (event.type) {
      case 'routed': {
        const where = `${strong(oneLine(event.agent))} on ${strong(oneLine(event.worker.name))}`
        const what = `found ${where}, ${plural(event.candidates, 'candidate')}`
        return steps.add({ mark: asks, who: caller, what, ms: event.lookupMs })
      }
      case 'accepted': {
        const what = `accepted task ${shortId(event.task.id)}`
        return steps.add({ mark: works, who: worker, what, ms: event.atMs })
      }
      case 'status':
        return status(event)
      case 'retry': {
        const what = oneLine(event.error.message)
        return steps.add({ mark: doubtful('!'), who: caller, what, ms: event.atMs })
      }
      case 'waiting': {
        const what = `lost contact: ${oneLine(event.error.message)}`
        return steps.add({ mark: doubtful('!'), who: caller, what, ms: event.atMs })
      }
      // Nobody asks anything in the demo.
      case 'input-required':
      case 'answered':
      case 'hedged':
      case 'hedge-lost':
      case 'resumed':
      case 'restarted':
      case 'artifact':
        return progress.show(`${worker}  answering`)
      case 'result':
        return progress.clear()
    }
  }
}

function printAnswer(artifacts: readonly Artifact[], cli: Cli): void {
  const text = artifacts.map(({ parts }) => textOf(parts)).join('\n')
  cli.print('')
  for (const line of wrap(printable(text), TEXT_WIDTH)) cli.print(`    ${line}`.trimEnd())
  cli.print('')
}

/** Breaks long lines at spaces; keeps the ones that are there. */
export function wrap(text: string, width: number): string[] {
  return text
    .trimEnd()
    .split('\n')
    .flatMap((paragraph) => {
      const lines: string[] = []
      let line = ''
      for (const word of paragraph.split(' ')) {
        if (line !== '' && line.length + 1 + word.length > width) {
          lines.push(line)
          line = word
        } else line = line === '' ? word : `${line} ${word}`
      }
      return [...lines, line]
    })
}
