/** `--env` and `--env-file`: what the process of somebody's project is given of this shell, and nothing else. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { collect, usage } from './arguments.ts'
import type { Cli } from './cli.ts'
import type { LumosCommand } from './lumos-command.ts'

export interface VariableFlags {
  readonly env?: readonly string[]
  readonly envFile?: string
}

export function variableOptions(command: LumosCommand): LumosCommand {
  return command
    .option('--env <name>', 'a variable of this shell, or NAME=VALUE; may be repeated', collect)
    .option('--env-file <file>', 'variables from a file of NAME=VALUE lines')
}

/** Values of this shell are taken now: the node has an environment of its own. */
export function variablesOf(
  { env = [], envFile }: VariableFlags,
  own: ReturnType<Cli['env']>
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(envFile === undefined ? {} : fileOf(envFile))) {
    if (value !== undefined) found[name] = value
  }
  for (const word of env) {
    const [, name = word, given] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    const value = given ?? own[name]
    if (value === undefined) {
      const suggestion = `export ${name}, or write --env ${name}=VALUE`
      throw usage(`this shell has no variable ${name}`, { suggestion })
    }
    found[name] = value
  }
  return found
}

function fileOf(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw usage(`${path} cannot be read: ${cause instanceof Error ? cause.message : ''}`)
  }
}
