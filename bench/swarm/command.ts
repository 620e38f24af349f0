/** What the commands of the real swarm and of the simulated one read and write alike. */
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { countFlag } from '../../cli/arguments.ts'
import { toLumosError } from '../../core/errors.ts'
import { parseDuration } from '../../core/units.ts'

export function out(line: string): void {
  process.stdout.write(`${line}\n`)
}

type Flags = NonNullable<ParseArgsConfig['options']>

/** The values of `flags`. The process ends after telling which there are: with 0 by `--help`, with 2 by another one. */
export function valuesOf<T extends Flags>(
  flags: T
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  try {
    return parseArgs({ options: flags }).values
  } catch (error) {
    if (!process.argv.includes('--help'))
      return refuse(`${error instanceof Error ? error.message : String(error)}\n${usageOf(flags)}`)
    out(usageOf(flags))
    return process.exit(0)
  }
}

function usageOf(flags: Flags): string {
  const lines = Object.entries(flags).map(([name, { default: byDefault }]) =>
    byDefault === undefined ? `  --${name}` : `  --${name.padEnd(10)}  ${String(byDefault)}`
  )
  return ['Flags, and what they are by default:', ...lines].join('\n')
}

/** Milliseconds; the process ends with 2 when it is no duration. */
export function durationOf(text: string): number {
  return parseDuration(text) ?? refuse(`"${text}" is no duration such as 30s or 10m`)
}

/** The process ends with 2 when it is no whole number, or less than `least`. */
export function countOf(text: string, least: number): number {
  try {
    return countFlag(text, least)
  } catch (error) {
    return refuse(toLumosError(error).message)
  }
}

/** Names of `phases`, separated by commas; the process ends with 2 when there is no such phase. */
export function phasesOf(text: string, phases: object): readonly string[] {
  const names = text.split(',')
  const unknown = names.find((name) => !Object.hasOwn(phases, name))
  if (unknown === undefined) return names
  return refuse(`there is no phase "${unknown}"; there are ${Object.keys(phases).join(', ')}`)
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n`)
  process.exit(2)
}
