/** Asks for a secret at the terminal, without showing what is typed. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Readable } from 'node:stream'
import { Secret } from './secret.ts'

export interface AskedTerminal {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: { write(text: string): unknown; readonly isTTY?: boolean }
}

/** `undefined` when there is no terminal, or the person leaves (Ctrl-C, Ctrl-D, or Enter alone). */
export function askSecret(
  { input, output }: AskedTerminal,
  question: string
): Promise<Secret<string> | undefined> {
  if (input.isTTY !== true || output.isTTY !== true) return Promise.resolve(undefined)
  output.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  // A terminal's own echo is off while readline has it in raw mode; its own goes nowhere.
  const line = createInterface({ input, output: silent, terminal: true })
  return new Promise((resolve) => {
    line.once('close', () => {
      output.write('\n')
      resolve(undefined)
    })
    line.once('line', (text) => {
      resolve(text === '' ? undefined : new Secret(text))
      line.close()
    })
  })
}
