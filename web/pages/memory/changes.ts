/** What changes in a space from now on: what is there already is read page by page, however much it is. */
import type { MemoryEvent } from '../../../client/memory-api.ts'
import type { MemoryCalls } from '../../../client/memory-calls.ts'

export interface Watched {
  readonly space: string
  readonly prefix: string
  readonly signal: AbortSignal
}

/** No key begins so: nothing is told before `ready`, which says from where on to watch. */
const NO_KEY = '\u{10FFFF}'

/** @yields `ready`, then what changes below the prefix */
export async function* changesOf(
  memory: Pick<MemoryCalls, 'watch'>,
  { space, prefix, signal }: Watched
): AsyncGenerator<MemoryEvent> {
  let after = ''
  for await (const event of memory.watch(space, { prefix: NO_KEY }, { signal })) {
    yield event
    after = event.position
    break
  }
  if (after === '') return
  yield* memory.watch(space, { after, ...(prefix && { prefix }) }, { signal })
}
