/** Tells who asked for a task before, under which trace, and what it may cost and did. */
import type { TaskView } from '../client/api.ts'
import { BUDGET_PARTS } from '../core/budget.ts'
import type { Budget } from '../core/budget.ts'
import type { Cli } from './cli.ts'
import { shortId } from './format.ts'
import { oneLine, padEnd } from './width.ts'

export function chainLines({ chain, usage }: TaskView, cli: Cli): string[] {
  if (chain === undefined) return []
  const { trace, path, priority, budget } = chain
  const hops = path.map(({ peer, agent }) => (agent === '' ? '' : `${agent}@`) + shortId(peer))
  const rows: [string, string][] = [
    ['trace', trace],
    ['path', hops.length === 0 ? 'asked here' : hops.join(' → ')],
    ['turns', priority],
    ...(budget ? [['budget', amounts(budget)] as [string, string]] : []),
    ...(usage ? [['cost', amounts(usage)] as [string, string]] : [])
  ]
  const style = cli.out()
  return ['', ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`)]
}

function amounts(budget: Budget): string {
  const told = BUDGET_PARTS.flatMap((part) => {
    const amount = budget[part]
    return amount === undefined ? [] : `${part}=${Number(amount.toFixed(6))}`
  })
  return told.join(', ')
}
