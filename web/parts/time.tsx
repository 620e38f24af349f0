/** How long ago something was, true without being told again; the exact moment stands in the title. */
import type { VNode } from 'preact'
import { useDashboard } from '../dashboard.tsx'
import { ago, NOTHING } from '../format.ts'

export function Ago({ iso }: { readonly iso: string | undefined }): VNode {
  const { live } = useDashboard()
  if (iso === undefined) return <span>{NOTHING}</span>
  return (
    <time dateTime={iso} title={iso}>
      {ago(iso, live.now.value)}
    </time>
  )
}
