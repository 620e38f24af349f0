/** All commands on one page without decoration, for language models and other programs: `lumos help --llm`. */
import type { Command, Option } from 'commander'
import { EXIT } from '../core/error-table.ts'
import { IMPACTS } from './impacts.ts'

const INTRODUCTION = [
  '# lumos: command line of a peer-to-peer network of AI agents',
  '# "ro" only reads, unless --fix is given; "rw" changes something, here or at peers, or has an agent work; [] may be left out, <> is a value',
  '# results on stdout, notes on stderr; nothing asks when stdin is no terminal',
  '# --json: one document {"v":1,…} (schemas: docs/openapi.json), or one a line where it streams; failed: {"ok":false,"error":{"code","message","hint","details"}}',
  '# lumos explain CODE says what an error means; lumos help COMMAND has examples'
]

export function compactHelp(root: Command): string {
  const codes = Object.entries(EXIT).map(([name, code]) => `${code} ${name}`)
  const lines = [
    ...INTRODUCTION,
    `# exit: ${codes.join(', ')}`,
    `# flags of every command: ${root.options.map(flagOf).join(' ')}`,
    ...root.commands.flatMap((command) => linesOf(command, ''))
  ]
  return `${lines.join('\n')}\n`
}

/** Commands that begin with underscores are for the completion of shells. */
function linesOf(command: Command, above: string): readonly string[] {
  const name = command.name()
  if (name.startsWith('__')) return []
  const path = above === '' ? name : `${above} ${name}`
  const below = command.commands.flatMap((each) => linesOf(each, path))
  const impact = IMPACTS.get(path)
  if (impact === undefined) return below
  const values = command.registeredArguments.map((argument) => {
    const value = argument.name() + (argument.variadic ? '...' : '')
    return argument.required ? `<${value}>` : `[${value}]`
  })
  const parts = [impact, path, ...values, ...command.options.map(flagOf)]
  return [`${parts.join(' ')} # ${command.description()}`, ...below]
}

/** Only the long name: there is one for each. */
function flagOf({ flags, long, short, mandatory }: Option): string {
  const [, value = ''] = /(\s[<[].*)$/.exec(flags) ?? []
  const flag = `${long ?? short ?? ''}${value}`
  return mandatory ? flag : `[${flag}]`
}
