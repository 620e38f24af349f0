/** The way to strangers' web servers, in the words of those who use it: one request, one answer, no redirects. */

export interface WebRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface WebAnswer {
  readonly status: number
  /** By lower-case name; a header that came several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** As it was sent, encoded perhaps. Leaving the loop, or `destroy`, closes the connection. */
  readonly body: AsyncIterable<Uint8Array> & { destroy(): void }
}

/**
 * Sends one request over a connection of its own, to an address that may be connected to.
 *
 * @throws WebRefusal when it may not; what the socket failed with; the reason of `signal`
 */
export type SendWebRequest = (request: WebRequest, signal: AbortSignal) => Promise<WebAnswer>

/** Why nothing was sent, or no answer taken. Names no address and no part of a URL: safe to be told. */
export class WebRefusal extends Error {
  override readonly name = 'WebRefusal'
}
