/** Tells whether something is still held in memory, which no figure of megabytes says for certain. */
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How many of the objects that `give` hands out, and keeps no hold of itself, are held once it is done. */
export async function heldAfter(give: () => readonly object[]): Promise<number> {
  const handed = give().map((object) => new WeakRef(object))
  // A WeakRef holds what it was made for until the turn in which it was made is over.
  await turn()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return handed.filter((one) => one.deref() !== undefined).length
}
