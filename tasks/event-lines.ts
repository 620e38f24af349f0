/** How events lie in the database: those that were written together are lines of one value, under the first one's number. */
import type { Batches, LineOperation } from '../storage/batches.ts'
import type { KeyRange, Store } from '../storage/store.ts'

/** Where the events of one log lie: of an attempt of a task, or of an order. */
export interface EventPlace {
  /** The key of event `number`, which is its last part. */
  readonly key: (number: number) => string
  /** For readers: writing an event makes no range. */
  readonly all: KeyRange
}

/** The operation that adds `event`; `last` is the number under which the event before it lies. */
export function lineOf(
  batches: Batches,
  place: EventPlace,
  {
    number,
    last,
    event
  }: { readonly number: number; readonly last?: number; readonly event: object }
): { readonly operation: LineOperation; readonly under: number } {
  const joins = last !== undefined && batches.gathers(place.key(last))
  const under = joins ? last : number
  return { operation: { type: 'line', key: place.key(under), line: JSON.stringify(event) }, under }
}

/** An event as it was read. */
export interface ReadEvent<E> {
  readonly event: E
  /** The number under which it lies. */
  readonly under: number
  /** Characters of its line. */
  readonly size: number
}

/** Events from number `from` on, in order. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says at the call what was put there
export async function* readEvents<E>(
  store: Pick<Store, 'iterate'>,
  { key, all }: EventPlace,
  from = 0
): AsyncIterable<ReadEvent<E>> {
  let first = key(from)
  const begun = { ...all, lt: key(from + 1) }
  for await (const [name] of store.iterate(begun, { reverse: true, limit: 1 })) first = name
  for await (const [name, value] of store.iterate({ ...all, gte: first })) {
    const under = numberIn(name)
    for (const [index, line] of linesOf(value).entries()) {
      if (under + index < from) continue
      yield { event: parse<E>(line), under, size: line.length }
    }
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says at the call what was put there
export async function lastEvent<E>(
  store: Pick<Store, 'iterate'>,
  { all }: EventPlace
): Promise<E | undefined> {
  for await (const [, value] of store.iterate(all, { reverse: true, limit: 1 })) {
    return parse<E>(linesOf(value).at(-1) ?? '')
  }
  return undefined
}

function numberIn(name: string): number {
  return Number(name.slice(name.lastIndexOf('/') + 1))
}

function linesOf(value: Uint8Array): string[] {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString().split('\n')
}

/** This node's own words, guarded by LevelDB's checksums and the journal's chain. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says at the call what was put there
function parse<E>(line: string): E {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- never written by anybody else
  return JSON.parse(line) as E
}
