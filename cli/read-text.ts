/** The text that a command is about: its words, or what is piped in. */
import { usage } from './arguments.ts'
import type { Cli } from './cli.ts'

/** From stdin when the only word is `-`, or when there is none and stdin is no terminal. */
export async function readText(
  words: readonly string[],
  cli: Cli,
  advice: { readonly command: string; readonly suggestion: string }
): Promise<string> {
  const { input } = cli.terminal
  const fromInput = words.length === 0 ? !input.isTerminal : words.length === 1 && words[0] === '-'
  const text = fromInput ? await input.readAll() : words.join(' ')
  if (text.trim() !== '') return text
  throw usage('the text is missing', advice)
}
