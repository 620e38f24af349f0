/** Simulation and reality side by side: all figures of the same name, and how far apart they are. */
import { round } from './figures.ts'
import { tableOf } from './report.ts'

/** Counts of what was done, not of what came of it. */
const LEFT_OUT = /(?:^|\.)(?:count|seed|keys|records|limit|missing)$/

/** @param simulated, real objects as both benches write them with `--json` */
export function comparison(simulated: unknown, real: unknown, markdown = true): string[] {
  const [ours, theirs] = [flat(simulated), flat(real)]
  const rows = [...ours]
    .filter(([name]) => theirs.has(name) && !LEFT_OUT.test(name))
    .map(([name, value]) => {
      const other = theirs.get(name) ?? NaN
      const ratio = value === other ? '1' : other === 0 ? '–' : String(round(value / other))
      return [name, String(value), String(other), ratio]
    })
  return tableOf([['figure', 'simulated', 'real', 'ratio'], ...rows], markdown)
}

/** Numbers by the names on the way to them; promises by what is promised. */
function flat(value: unknown, name = ''): Map<string, number> {
  const numbers = new Map<string, number>()
  if (typeof value === 'number') numbers.set(name, value)
  if (typeof value !== 'object' || value === null) return numbers
  for (const [key, part] of Object.entries(value)) {
    const called: unknown =
      typeof part === 'object' && part !== null && 'what' in part ? part.what : key
    const path = `${name === '' ? '' : `${name}.`}${String(called)}`
    for (const [inner, number] of flat(part, path)) numbers.set(inner, number)
  }
  return numbers
}
