/** Joins the process's own streams with another one, byte for byte. */
import type { Duplex, Readable, Writable } from 'node:stream'
import { LumosError } from '../core/errors.ts'

/**
 * Resolves when the input has ended, which ends `stream`, too.
 *
 * @throws DAEMON_STOPPED when `stream` ends first
 */
export async function bridge(stream: Duplex, input: Readable, output: Writable): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<'input' | 'stream'>()
  // What still comes is not waited for: whoever closes its end of a pipe does not read either.
  input.once('end', () => resolve('input'))
  input.once('error', () => resolve('input'))
  stream.once('close', () => resolve('stream'))
  stream.on('error', () => stream.destroy())
  input.pipe(stream)
  stream.pipe(output, { end: false })
  const first = await over
  input.unpipe(stream)
  input.pause()
  stream.destroy()
  if (first === 'stream') throw new LumosError('DAEMON_STOPPED')
}
