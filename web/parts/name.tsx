/** A name that somebody else chose: it is text, and turns nothing around, whatever is in it. */
import type { VNode } from 'preact'

/** Invisible letters, and those that turn what follows them. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}]/gu

/** With a mark in the place of each of them. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, '\uFFFD')
}

/** Longer ones are cut by the layout; the whole stands in the title. */
export function Name({ text, id }: { readonly text: string; readonly id?: string }): VNode {
  const seen = visible(text)
  return (
    <bdi class="name" title={id === undefined ? seen : `${seen}\n${id}`}>
      {seen === '' ? (id ?? '').slice(-8) : seen}
    </bdi>
  )
}
