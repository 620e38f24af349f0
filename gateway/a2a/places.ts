/** Where a stream of one task stands, as clients keep it: `attempt.number`. */
import type { EdgeOptions } from '../../tasks/edge/service.ts'

type Place = NonNullable<EdgeOptions['after']>

/** `undefined` for what is no place. */
export function parsePlace(text: string): Place | undefined {
  const [, attempt, seq] = /^(\d{1,9})\.(\d{1,9})$/.exec(text) ?? []
  if (attempt === undefined || seq === undefined) return undefined
  return { attempt: Number(attempt), seq: Number(seq) }
}

/** Each update with its place; `after` is the last that the client holds. */
export async function* placed<E extends object>(
  call: (options: EdgeOptions) => AsyncIterable<E>,
  { after, ...options }: Omit<EdgeOptions, 'after'> & { readonly after: Place | undefined }
): AsyncIterable<readonly [place: string, update: E]> {
  let place = ''
  const onPlace = ({ attempt, seq }: Place): void => {
    place = `${attempt}.${seq}`
  }
  const updates = call({ ...options, onPlace, ...(after && { after }) })
  for await (const update of updates) yield [place, update]
}
