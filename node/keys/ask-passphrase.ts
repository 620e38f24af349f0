/** Asks for a passphrase at the terminal, without showing it. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Secret } from '../../core/secret.ts'

/** `undefined` when there is no terminal, or the person leaves (Ctrl-C, Ctrl-D). */
export function askPassphrase(question: string): Promise<Secret<string> | undefined> {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return Promise.resolve(undefined)
  stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  // A terminal's own echo is off while readline has it in raw mode; its own goes nowhere.
  const line = createInterface({ input: stdin, output: silent, terminal: true })
  return new Promise((resolve) => {
    line.once('close', () => {
      stderr.write('\n')
      resolve(undefined)
    })
    line.once('line', (text) => {
      resolve(text === '' ? undefined : new Secret(text))
      line.close()
    })
  })
}
