/** A name that somebody else chose: it is text, and turns nothing around it, whatever is in it. */
import type { VNode } from 'preact'

/** Longer ones are cut by the layout; the whole stands in the title. */
export function Name({ text, id }: { readonly text: string; readonly id?: string }): VNode {
  return (
    <bdi class="name" title={id === undefined ? text : `${text}\n${id}`}>
      {text === '' ? (id ?? '').slice(-8) : text}
    </bdi>
  )
}
