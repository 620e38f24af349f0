/** What Node's parser takes although it may mean one thing here and another to whatever stands in front. */
import type { IncomingMessage } from 'node:http'
import { LumosError } from '../../core/errors.ts'

/** @throws INVALID_REQUEST */
export function refuseAmbiguous({ httpVersion, headersDistinct }: IncomingMessage): void {
  // RFC 9112, section 3.2.
  if ((headersDistinct['host'] ?? []).length > 1) throw invalid('there are two Host headers')
  if (!httpVersion.startsWith('1.')) throw invalid('this door speaks HTTP/1.1')
}

function invalid(reason: string): LumosError {
  return new LumosError('INVALID_REQUEST', { details: { reason } })
}
