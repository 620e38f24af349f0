/** What went wrong, for those who decide by it. */

/** Code of a failure of the node's; empty for others. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
