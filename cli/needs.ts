/** What `--need` demands of an agent, in the form that a query has it. */
import { formatDemand, parseDemand } from '../core/attributes.ts'
import { usage } from './arguments.ts'

export const NEED_FLAG = '--need <demand>'
export const NEED_HELP =
  'what the agent has to be: gpu, lang=de, "price<0.01", "version>=1.2 <2"; may be repeated'

/** `words` and every demand after it; each may hold spaces. */
export function withNeeds(words: string, needs: readonly string[] = []): string {
  const demands = needs.map((need) => {
    const demand = parseDemand(need)
    if (demand !== undefined) return formatDemand(demand)
    throw usage(`"${need}" is nothing that an agent could be`, {
      suggestion: 'write gpu, lang=de, "price<0.01" or "version>=1.2 <2"'
    })
  })
  return [words, ...demands].filter((part) => part !== '').join(' ')
}
