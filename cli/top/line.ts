/** Lines made of pieces, of which the least important go first when there is no room. */
import { cut, displayWidth } from '../width.ts'

export interface Piece {
  /** Harmless already. */
  readonly text: string
  /** Who goes first: the highest. */
  readonly rank: number
  readonly paint?: (text: string) => string
}

/** At most `width` columns, never more; the last piece that is left is cut if need be. */
export function joinPieces(pieces: readonly Piece[], width: number, gap = '  '): string {
  const kept = pieces.filter(({ text }) => text !== '')
  const gapWidth = displayWidth(gap)
  const widths = new Map(kept.map((piece) => [piece, displayWidth(piece.text)]))
  const needed = (): number =>
    kept.reduce((sum, piece) => sum + (widths.get(piece) ?? 0), gapWidth * (kept.length - 1))
  while (kept.length > 1 && needed() > width) {
    const worst = kept.reduce((last, each) => (each.rank > last.rank ? each : last))
    kept.splice(kept.lastIndexOf(worst), 1)
  }
  return kept
    .map(({ text, paint }) => {
      const fitting = kept.length === 1 ? clip(text, width) : text
      return paint === undefined ? fitting : paint(fitting)
    })
    .join(gap)
}

/** `left` and `right` at both ends of a line of `width` columns; without room, only `left`. Both may be coloured. */
export function spread(left: string, right: string, width: number): string {
  const room = width - displayWidth(left) - displayWidth(right)
  return room < 1 ? left : `${left}${' '.repeat(room)}${right}`
}

/** Plain text only. Unlike `cut`, it also knows what to do without any room. */
export function clip(text: string, width: number): string {
  return width <= 0 ? '' : cut(text, width)
}

/** Plain text in lines of at most `width` columns, broken between words where that is possible. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (displayWidth(longer) <= width) line = longer
    else {
      if (line !== '') lines.push(line)
      line = clip(word, width)
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}
