/** Gives each request a name of its own, by which its lines in the log are found. */
import type { IncomingHttpHeaders } from 'node:http'

const HEADER = 'x-request-id'
/** What proxies make: UUIDs, ULIDs, hex, dotted parts. Anything else could write into a log what it likes. */
const SANE = /^[\w.:-]{8,64}$/

/** The one that it came with, if that is one; else `made`. */
export function requestIdOf(headers: IncomingHttpHeaders, made: () => string): string {
  const { [HEADER]: given } = headers
  return typeof given === 'string' && SANE.test(given) ? given : made()
}

export function tellRequestId(
  response: { setHeader(name: string, value: string): unknown },
  id: string
): void {
  response.setHeader(HEADER, id)
}
