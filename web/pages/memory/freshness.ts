/** Lights up what has changed: by turns, so that the next change is seen as well, without another element. */
export function freshness(changes: number): string {
  if (changes === 0) return ''
  return changes % 2 === 0 ? 'fresh even' : 'fresh odd'
}
