/** Cuts text into what events carry. */
import { LIMITS } from '../../core/limits.ts'

/** The most that one event carries. Half a character is no text for a reader: it goes with the next. */
export function pieceOf(text: string): string {
  const size = LIMITS.deltaBytes.value
  const ending = text.charCodeAt(size - 1)
  const parted = ending >= 0xd800 && ending <= 0xdbff
  return text.slice(0, parted ? size - 1 : size)
}
