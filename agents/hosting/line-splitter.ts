/** Cuts a byte stream into lines without ever holding more than one line may have. */
export interface LineSplitter {
  push(chunk: Uint8Array): void
  /** What stands behind the last line break, if there is something. */
  end(): void
}

export interface LineSplitterInit {
  /** Bytes of one line, without its end. */
  readonly limit: number
  readonly onLine: (line: string) => void
  /** Called with the beginning of a line that is too long, once; the rest of it is dropped. */
  readonly onLong: (beginning: string) => void
}

const LINE_FEED = 0x0a
/** How much is told of a line that is too long. */
const BEGINNING_BYTES = 256

export function createLineSplitter({ limit, onLine, onLong }: LineSplitterInit): LineSplitter {
  let pieces: Uint8Array[] = []
  let bytes = 0
  let dropping = false

  function add(piece: Uint8Array): void {
    if (dropping || piece.length === 0) return
    bytes += piece.length
    if (bytes <= limit) {
      pieces.push(piece)
      return
    }
    const beginning = Buffer.concat([...pieces, piece])
      .subarray(0, BEGINNING_BYTES)
      .toString()
    dropping = true
    pieces = []
    onLong(beginning)
  }

  function finish(): void {
    const line = dropping ? undefined : Buffer.concat(pieces).toString().replace(/\r$/, '')
    pieces = []
    bytes = 0
    dropping = false
    if (line !== undefined && line !== '') onLine(line)
  }

  return {
    push(chunk) {
      let from = 0
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
        add(chunk.subarray(from, at))
        finish()
        from = at + 1
      }
      // Copied: the rest must not keep the whole chunk alive.
      add(chunk.slice(from))
    },
    end: finish
  }
}
