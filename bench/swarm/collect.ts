/** Collects all at once, so that what is measured next is what nodes need. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Also gives the pages back; stops the process for a second with many nodes in it. */
export function collectAll(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext("gc({ type: 'major', flavor: 'last-resort' })")
}
