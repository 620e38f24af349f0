/** Help pages: examples first, because that is what people look for. */
import type { Argument, Command, Help, Option } from 'commander'
import type { Style } from './style.ts'
import { LumosCommand, type Example } from './lumos-command.ts'

type Row = readonly [left: string, right: string]

const INDENT = '  '
/** Longer left sides push their text to a line of its own instead of widening the column. */
const WIDEST_LEFT = 50

export function formatHelp(command: LumosCommand, help: Help, style: Style): string {
  const isRoot = command.parent === null
  const title = isRoot ? command.description() : `lumos ${command.path}: ${command.description()}`
  const parts = [
    style.strong(title),
    section('Examples', command.examples.map(exampleRow), style),
    isRoot ? '' : section('Usage', [[usageLine(command), '']], style),
    section('Arguments', help.visibleArguments(command).map(argumentRow), style),
    ...(isRoot ? groups(command, style) : [section('Commands', commandRows(command), style)]),
    section(isRoot ? 'Flags of every command' : 'Flags', flagRows(command, help), style),
    isRoot ? footer(style) : style.faint('Flags of every command: lumos help')
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function section(title: string, rows: readonly Row[], style: Style): string {
  if (rows.length === 0) return ''
  const fitting = rows.map(([left]) => left.length).filter((length) => length <= WIDEST_LEFT)
  const width = Math.max(0, ...fitting)
  const lines = rows.map(([left, right]) => {
    if (right === '') return INDENT + style.accent(left)
    const gap =
      left.length > width
        ? `\n${INDENT}${' '.repeat(width + 3)}`
        : ' '.repeat(width - left.length + 3)
    return INDENT + style.accent(left) + gap + right
  })
  return [style.strong(title), ...lines].join('\n')
}

function exampleRow({ line, meaning }: Example): Row {
  return [line, meaning]
}

function argumentRow(argument: Argument): Row {
  return [argument.name().toUpperCase() + (argument.variadic ? '…' : ''), argument.description]
}

function flagRows(command: LumosCommand, help: Help): Row[] {
  return help.visibleOptions(command).map((option: Option): Row => {
    const flags = option.short === undefined ? `    ${option.flags}` : option.flags
    return [
      flags.replaceAll(/[<[](\w[\w-]*)(\.{3})?[>\]]/g, (_, name: string) => name.toUpperCase()),
      option.description
    ]
  })
}

function commandRows(command: LumosCommand): Row[] {
  return command.commands.map((each): Row => [withValues(each, each.name()), each.description()])
}

function usageLine(command: LumosCommand): string {
  const subcommand = command.commands.length > 0 ? ' [COMMAND]' : ''
  return withValues(command, `lumos ${command.path}${subcommand} [flags]`)
}

function withValues(command: Command, start: string): string {
  const values = command.registeredArguments.map((argument) => {
    const name = argument.name().toUpperCase() + (argument.variadic ? '…' : '')
    return argument.required ? name : `[${name}]`
  })
  return [start, ...values].join(' ')
}

function groups(root: LumosCommand, style: Style): string[] {
  const byGroup = Map.groupBy(
    root.commands.filter((each): each is LumosCommand => each instanceof LumosCommand),
    (each) => each.group
  )
  byGroup.delete('')
  const width = Math.max(...root.commands.map((each) => each.name().length))
  return Array.from(byGroup, ([group, commands]) =>
    section(
      group,
      commands.map((each): Row => [each.name().padEnd(width), each.description()]),
      style
    )
  )
}

function footer(style: Style): string {
  return section(
    'More',
    [
      ['lumos help COMMAND', 'one command with its examples'],
      ['lumos explain CODE', 'what an error means and what to do']
    ],
    style
  )
}
