/** What was spent on a task before an interruption, as its events tell it. */
import { addUsage, NO_USAGE } from '../core/budget.ts'
import type { Usage } from '../core/budget.ts'
import { usageOf } from '../protocols/a2a/chain.ts'
import { stepOf } from '../protocols/a2a/extensions.ts'
import type { TaskEvent } from './worker/task-store.ts'

/** What the last run that ended told, and what models took since; what others took in vain is not known. */
export function spentIn(events: readonly TaskEvent[]): Usage {
  let spent = NO_USAGE
  for (const { update } of events) {
    const told = usageOf(update)
    if (told !== undefined) spent = told
    const step = stepOf(update.statusUpdate?.status.message)
    if (step?.kind !== 'usage') continue
    const { inputTokens, outputTokens, cost = 0 } = step
    spent = addUsage(spent, { ...NO_USAGE, tokens: inputTokens + outputTokens, money: cost })
  }
  return spent
}
