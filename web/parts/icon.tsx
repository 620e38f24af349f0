/** A picture of lines, which says nothing that the words beside it do not say. */
import type { VNode } from 'preact'

export function Icon({ path }: { readonly path: string }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  )
}
