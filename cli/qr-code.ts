/** A QR code as lines of text: two modules to a character, dark on light whatever the terminal's colours are. */
import { encode } from 'uqr'

/** ISO/IEC 18004: as much light on every side. */
const QUIET = 4
/** Version 12 holds 367 bytes, more than an invite may have: 65 modules. */
const MOST_VERSION = 12
/** No code takes more columns. */
export const QR_COLUMNS = 65 + 2 * QUIET
/** Nor more rows. */
export const QR_ROWS = Math.ceil(QR_COLUMNS / 2)

/** Black on white of the colour cube, which themes leave alone as they do not the sixteen named ones. */
const INK = '\u001b[38;5;16;48;5;231m'
const PLAIN = '\u001b[0m'

/** @throws RangeError for a text of more than 367 bytes */
export function drawQrCode(text: string): readonly string[] {
  const { data, size } = encode(text, { ecc: 'L', border: QUIET, maxVersion: MOST_VERSION })
  const isDark = (row: number, column: number): boolean => data[row]?.[column] === true
  return Array.from({ length: Math.ceil(size / 2) }, (_, line) => {
    const halves = Array.from({ length: size }, (__, column) =>
      halfBlock(isDark(2 * line, column), isDark(2 * line + 1, column))
    )
    return `${INK}${halves.join('')}${PLAIN}`
  })
}

function halfBlock(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀'
  return lower ? '▄' : ' '
}
