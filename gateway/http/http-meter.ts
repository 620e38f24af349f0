/** What those who measure are told of the doors over HTTP. */

export interface HttpMeter {
  /** A request is over; `undefined` when its client left before the answer was whole. */
  answered(path: string, status: number | undefined): void
  /** It was answered with an error. */
  refused(code: string): void
  /** A connection found no place. */
  rejected(): void
  /** Tells how many there are, when somebody asks. */
  watch(connections: { readonly size: number }): void
}
