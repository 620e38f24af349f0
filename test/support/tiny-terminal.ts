/** As much of a terminal as frames need: a screen of cells, a cursor that is placed, and lines that are cleared. */
import { displayWidth } from '../../cli/width.ts'

export interface TinyTerminal {
  write(text: string): void
  /** What is seen, without colours and without blanks at the ends. */
  lines(): string[]
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what it looks for
const TOKEN = /\u001b\[(\?)?([\d;]*)([A-Za-z])|([^\u001b])/gu

/** Lines that are too long are cut: auto-wrap is off while `lumos top` has the screen. Throws for what it does not know. */
export function createTinyTerminal(columns: number, rows: number): TinyTerminal {
  let cells = blank()
  let row = 0
  let column = 0

  function blank(): string[][] {
    return Array.from({ length: rows }, () => blankLine())
  }

  function blankLine(): string[] {
    return Array.from({ length: columns }, () => ' ')
  }

  function put(character: string): void {
    const width = displayWidth(character)
    const line = cells[row]
    if (line === undefined) throw new RangeError(`row ${row} of ${rows}`)
    if (width === 0) {
      line[Math.max(0, column - 1)] += character
      return
    }
    if (column + width > columns) throw new RangeError(`"${character}" does not fit`)
    line[column] = character
    if (width === 2) line[column + 1] = ''
    column += width
  }

  function control(parameters: string, final: string): void {
    if (final === 'H') {
      const [y = 1, x = 1] = parameters.split(';').map(Number)
      row = y - 1
      column = x - 1
    } else if (final === 'J' && parameters === '2') cells = blank()
    else if (final === 'K' && parameters === '2') cells[row] = blankLine()
    else if (final !== 'm') throw new TypeError(`CSI ${parameters}${final}`)
  }

  return {
    write(text) {
      for (const [, mode, parameters = '', final, character] of text.matchAll(TOKEN)) {
        if (character !== undefined) put(character)
        else if (mode === undefined && final !== undefined) control(parameters, final)
      }
    },
    lines: () => cells.map((line) => line.join('').trimEnd())
  }
}
