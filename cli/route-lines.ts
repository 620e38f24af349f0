/** Tells why the worker of a task was chosen, from the task's own story. */
import type { RunEvent } from '../client/api.ts'
import type { RouteCandidate } from '../core/route-choice.ts'
import type { Cli } from './cli.ts'
import { duration, percent, plural } from './format.ts'
import { oneLine } from './width.ts'

type RoutedEvent = Extract<RunEvent, { type: 'routed' }>

/** Every choice of a worker in a story. */
export async function readChoices(events: AsyncIterable<RunEvent>): Promise<RoutedEvent[]> {
  const choices: RoutedEvent[] = []
  for await (const event of events) if (event.type === 'routed') choices.push(event)
  return choices
}

export function choiceLines(choices: readonly RoutedEvent[], cli: Cli): string[] {
  const style = cli.out()
  return choices.flatMap(({ worker, agent, candidates, choice }) => {
    const head = `${style.accent('→')} ${oneLine(agent)} on ${style.strong(oneLine(worker.name))}`
    if (choice === undefined) return ['', `${head}   ${style.faint('no other could be asked')}`]
    const { policy, compared, excluded } = choice
    const passedOver = Object.entries(excluded).map(([why, count]) => `${count} ${why}`)
    const facts = [`policy ${policy}`, plural(candidates, 'candidate'), ...passedOver].join(', ')
    return ['', `${head}   ${style.faint(facts)}`, ...compared.map((one) => `  ${lineOf(one)}`)]
  })
}

function lineOf(one: RouteCandidate): string {
  const run = `${one.measured === 0 ? '~' : ''}${duration(one.runMs)}`
  return [
    `${oneLine(one.node)}: ${duration(one.costMs)}`,
    `= (${duration(one.rttMs)} there and back`,
    `+ ${duration(one.queueMs)} queue`,
    `+ ${run} run) / ${percent(one.success)} success`
  ].join(' ')
}
