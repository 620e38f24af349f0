/** A part of a page with a heading of its own. */
import type { ComponentChildren, VNode } from 'preact'
import { useId } from 'preact/hooks'

export interface PanelProps {
  readonly title: string
  /** Beside the heading. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
  readonly class?: string
}

export function Panel({ title, aside, children, class: name = '' }: PanelProps): VNode {
  const id = useId()
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** Names and what they are. */
export function Facts({
  facts
}: {
  readonly facts: readonly (readonly [string, ComponentChildren])[]
}): VNode {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
