/** Which rows of a long list are in the page: those in view and a few around, so that 5,000 scroll like 50. */

export interface RowWindow {
  /** Place of the first row that is drawn. */
  readonly first: number
  /** Place behind the last one. */
  readonly end: number
}

export interface RowsInView {
  readonly count: number
  /** Of each row, in pixels. */
  readonly rowHeight: number
  readonly scrollTop: number
  readonly viewHeight: number
}

/** Drawn beyond each edge: what a turn of the wheel shows before the next frame. */
const OVERSCAN = 8

export function rowWindow({ count, rowHeight, scrollTop, viewHeight }: RowsInView): RowWindow {
  // A list that has shrunk meanwhile may still be scrolled to where nothing is any more.
  const top = Math.max(0, Math.min(scrollTop, count * rowHeight - viewHeight))
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN)
  const end = Math.min(count, Math.ceil((top + viewHeight) / rowHeight) + OVERSCAN)
  return { first, end }
}

/** Whether the end is seen, or nearly: then what comes is followed. */
export function isAtEnd({ count, rowHeight, scrollTop, viewHeight }: RowsInView): boolean {
  return scrollTop + viewHeight >= count * rowHeight - rowHeight
}
