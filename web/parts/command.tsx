/** A command to type in a terminal, with a button that copies it. */
import type { VNode } from 'preact'
import { CopyButton } from './copy-button.tsx'

export function Command({ text }: { readonly text: string }): VNode {
  return (
    <span class="command">
      <code>{text}</code>
      <CopyButton text={text} what="the command" />
    </span>
  )
}
