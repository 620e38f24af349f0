/** Tells why the worker of a task was chosen, from the task's own story. */
import type { RunEvent } from '../client/api.ts'
import type { RouteCandidate } from '../core/route-choice.ts'
import type { Cli } from './cli.ts'
import { duration, percent, plural } from './format.ts'
import { oneLine } from './width.ts'

export type ChoiceEvent = Extract<RunEvent, { type: 'routed' | 'hedged' | 'hedge-lost' }>

/** Every choice of a worker in a story, and what became of those asked besides. */
export async function readChoices(events: AsyncIterable<RunEvent>): Promise<ChoiceEvent[]> {
  const choices: ChoiceEvent[] = []
  for await (const event of events) {
    if (event.type === 'routed' || event.type === 'hedged' || event.type === 'hedge-lost') {
      choices.push(event)
    }
  }
  return choices
}

export function choiceLines(choices: readonly ChoiceEvent[], cli: Cli): string[] {
  const style = cli.out()
  return choices.flatMap((event, index) => {
    const { worker } = event
    const name = style.strong(oneLine(worker.name))
    if (event.type === 'hedge-lost') return ['', `  ${name}   ${style.faint(hedgeEnd(event))}`]
    const head = `${style.accent('→')} ${oneLine(event.agent)} on ${name}`
    if (event.type === 'hedged') {
      return ['', `${head}   ${style.faint(`as well, after ${duration(event.afterMs)}`)}`]
    }
    const { candidates, choice } = event
    if (choice === undefined) {
      const before = choices[index - 1]
      const hasWon = before?.type === 'hedged' && before.worker.id === worker.id
      return ['', `${head}   ${style.faint(hasWon ? 'goes on alone' : 'no other could be asked')}`]
    }
    const { policy, compared, excluded } = choice
    const passedOver = Object.entries(excluded).map(([why, count]) => `${count} ${why}`)
    const facts = [`policy ${policy}`, plural(candidates, 'candidate'), ...passedOver].join(', ')
    return ['', `${head}   ${style.faint(facts)}`, ...compared.map((one) => `  ${lineOf(one)}`)]
  })
}

function hedgeEnd({ error }: Extract<ChoiceEvent, { type: 'hedge-lost' }>): string {
  return error === undefined ? 'told to stop: the other one answered first' : oneLine(error.message)
}

/** What was expected of one that could be asked. */
export function lineOf(one: RouteCandidate): string {
  const run = `${one.measured === 0 ? '~' : ''}${duration(one.runMs)}`
  return [
    `${oneLine(one.node)}: ${duration(one.costMs)}`,
    `= (${duration(one.rttMs)} there and back`,
    `+ ${duration(one.queueMs)} queue`,
    `+ ${run} run) / ${percent(one.success)} success`
  ].join(' ')
}
