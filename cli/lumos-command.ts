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
    const path = this.parent === null ? '' : this.path
    const prefix = path === '' ? '' : `${path} `
    const details = { reason: `unknown command "${prefix}${word}"`, command: path }
    const near = this.nearest(word)
    if (near === undefined) throw new LumosError('USAGE', { details })
    const suggestion = `did you mean "lumos ${prefix}${near}"?`
    throw new LumosError('USAGE', { details: { ...details, suggestion } })
  }

  private nearest(word: string): string | undefined {
    const names = this.commands.map((each) => each.name())
    return suggest(
      word,
      names.filter((name) => !name.startsWith('__'))
    )
  }

  override error(message: string, { code }: ErrorOptions = {}): never {
    const operand = this.args[0]
    // `lumos peers` means `lumos peers ls`: a mistyped subcommand arrives as an argument of that.
    const isDefault = code === 'commander.excessArguments' && this.commands.length === 0
    const group = isDefault ? (this.parent ?? this) : this
    if (group instanceof LumosCommand && operand !== undefined) {
      if (group.commands.length > 0 && !group.commands.some((each) => each.name() === operand)) {
        if (group === this || group.nearest(operand) !== undefined) group.reportUnknown(operand)
      }
    }
    const [text = '', suggested] = message.replace(/^error: /, '').split('\n(Did you mean ')
    const reason = text.replaceAll("'", '"').replace(/\.$/, '')
    const details = { reason, command: this.parent === null ? '' : this.path }
    const suggestion = suggested && `did you mean ${suggested.replace(/\?\)$/, '')}?`
    throw new LumosError('USAGE', { details: suggestion ? { ...details, suggestion } : details })
  }
}
