/** What Node's parser takes although it may mean one thing here and another to whatever stands in front. */
import type { IncomingMessage } from 'node:http'
import { invalidRequest } from '../../core/errors.ts'

/** @throws INVALID_REQUEST */
export function refuseAmbiguous({ httpVersion, headersDistinct }: IncomingMessage): void {
  // RFC 9112, section 3.2.
  if ((headersDistinct['host'] ?? []).length > 1) throw invalidRequest('there are two Host headers')
  if (!httpVersion.startsWith('1.')) throw invalidRequest('this door speaks HTTP/1.1')
}
