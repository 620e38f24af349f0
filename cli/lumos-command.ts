/** A commander command that also has examples, and that fails with Lumos errors. */
import { Command, type ErrorOptions } from 'commander'
import { LumosError } from '../core/errors.ts'
import { suggest } from '../core/suggest.ts'

export interface Example {
  readonly line: string
  readonly meaning: string
}

export class LumosCommand extends Command {
  readonly examples: Example[] = []
  /** Commands of the top level only: the heading they stand under in `lumos help`. */
  group = ''

  /** One line to copy, and what it does. Help pages begin with these. */
  example(line: string, meaning: string): this {
    this.examples.push({ line, meaning })
    return this
  }

  override createCommand(name?: string): LumosCommand {
    return new LumosCommand(name)
  }

  /** Without the leading `lumos`: `peers ping`. */
  get path(): string {
    const parent = this.parent
    return parent instanceof LumosCommand && parent.parent !== null
      ? `${parent.path} ${this.name()}`
      : this.name()
  }

  /** Fails with "unknown command", naming the nearest one. */
  reportUnknown(word: string): never {
    const names = this.commands.filter(visible).map(nameOf)
    throw unknownCommand(word, names, this.parent === null ? '' : `${this.path} `)
  }

  override error(message: string, { code }: ErrorOptions = {}): never {
    const operand = this.args[0]
    // `lumos peers` means `lumos peers ls`, so a mistyped subcommand arrives as its argument.
    const group = code === 'commander.excessArguments' ? (this.parent ?? this) : this
    if (group instanceof LumosCommand && operand !== undefined) {
      if (group.commands.length > 0 && !group.commands.some((each) => each.name() === operand)) {
        if (group === this || this.name() === 'ls') group.reportUnknown(operand)
      }
    }
    const [text = '', suggested] = message.replace(/^error: /, '').split('\n(Did you mean ')
    const reason = text.replaceAll("'", '"').replace(/\.$/, '')
    const details = { reason, command: this.parent === null ? '' : this.path }
    const suggestion = suggested && `did you mean ${suggested.replace(/\?\)$/, '')}?`
    throw new LumosError('USAGE', { details: suggestion ? { ...details, suggestion } : details })
  }
}

function unknownCommand(word: string, names: readonly string[], prefix: string): LumosError {
  const near = suggest(word, names)
  const details = { reason: `unknown command "${prefix}${word}"`, command: prefix.trim() }
  if (near === undefined) return new LumosError('USAGE', { details })
  const suggestion = `did you mean "lumos ${prefix}${near}"?`
  return new LumosError('USAGE', { details: { ...details, suggestion } })
}

function nameOf(command: Command): string {
  return command.name()
}

function visible(command: Command): boolean {
  return !command.name().startsWith('__')
}
