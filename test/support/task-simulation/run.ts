/** Runs seeds of the task simulation one after the other, and tells a failing one so that it can be run again. */
import { STORMS } from './storms.ts'
import type { StormName } from './storms.ts'
import { weather } from './storm.ts'
import type { StormRun } from './storm.ts'

export interface Seeds {
  readonly first: number
  readonly count: number
}

/** One run, to be read. */
export interface Story {
  readonly problems: readonly string[]
  /** What happened, what went wrong, and how it is run again. */
  readonly text: string
}

/** The story of the first seed in which something goes wrong; undefined when nothing does in any. */
export async function firstFailure(name: StormName, seeds: Seeds): Promise<string | undefined> {
  for (let seed = seeds.first; seed < seeds.first + seeds.count; seed += 1) {
    const problems = await problemsOf(name, { seed })
    if (problems.length > 0) return (await replay(`${name}:${seed}`)).text
  }
  return undefined
}

/** What an exception says is a problem as any other. */
export async function problemsOf(name: StormName, run: StormRun): Promise<string[]> {
  try {
    return await weather(STORMS[name], run)
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
}

/** Runs one seed, `<storm>:<number>`. */
export async function replay(name: string): Promise<Story> {
  const [storm = '', number = ''] = name.split(':')
  if (!isStorm(storm) || !/^\d+$/.test(number)) {
    throw new TypeError(`SEED is <storm>:<number>; storms: ${Object.keys(STORMS).join(', ')}`)
  }
  const lines: string[] = []
  const seed = Number(number)
  const problems = await problemsOf(storm, { seed, trace: (line) => lines.push(line()) })
  const again = `SEED=${name} npx vitest run --project fast test/sim/tasks.test.ts`
  return { problems, text: [...lines, '', ...problems, '', `again: ${again}`].join('\n') }
}

function isStorm(name: string): name is StormName {
  return Object.hasOwn(STORMS, name)
}
