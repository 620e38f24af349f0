/** Says why there is nothing, and how there could be something. */
import type { ComponentChildren, VNode } from 'preact'

export function Empty({
  title,
  children
}: {
  readonly title: string
  readonly children?: ComponentChildren
}): VNode {
  return (
    <div class="empty">
      <p class="title">{title}</p>
      {children}
    </div>
  )
}
