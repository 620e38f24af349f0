/** What of an answer was told as a stream, which cannot be taken back when an agent begins anew. */
import { LumosError } from '../../core/errors.ts'
import type { Answer } from './answer.ts'

export class ToldText {
  #told = ''
  /** Begun anew, and not yet as far again. */
  #isBehind = false

  /**
   * What is to be told now, after `answer` took an update and returned `piece`.
   *
   * @throws ANSWER_RESTARTED when something else was told already
   */
  next({ text }: Pick<Answer, 'text'>, piece: string | undefined): string {
    if (piece !== undefined && !this.#isBehind) {
      this.#told += piece
      return piece
    }
    this.#isBehind = !text.startsWith(this.#told)
    if (this.#isBehind) {
      if (this.#told.startsWith(text)) return ''
      throw new LumosError('ANSWER_RESTARTED')
    }
    const rest = text.slice(this.#told.length)
    this.#told = text
    return rest
  }
}
