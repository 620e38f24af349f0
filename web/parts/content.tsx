/** What agents and people say to each other: text as text, data as JSON, files by name and size; nothing of it is run or loaded. */
import type { VNode } from 'preact'
import { HIDDEN_MEDIA_TYPE } from '../../core/a2a.ts'
import type { Part } from '../../core/a2a.ts'
import { bytes } from '../format.ts'
import { JsonView } from './json-view.tsx'

export function Content({ parts }: { readonly parts: readonly Part[] }): VNode {
  const shown = parts.filter(({ mediaType }) => mediaType !== HIDDEN_MEDIA_TYPE)
  return (
    <div class="content">
      {shown.map((part, place) => (
        <OnePart key={place} part={part} />
      ))}
    </div>
  )
}

function OnePart({ part }: { readonly part: Part }): VNode | null {
  const { text, data, raw, url, filename, mediaType } = part
  if (text !== undefined) {
    return (
      <p class="said" dir="auto">
        {text}
      </p>
    )
  }
  if (data !== undefined) return <JsonView value={data} />
  if (raw !== undefined) {
    // Base64 holds 3 bytes in 4 characters.
    const size = Math.floor((raw.length * 3) / 4)
    return <File name={filename} facts={[mediaType, bytes(size)]} />
  }
  return url === undefined ? null : (
    <File name={filename ?? url} facts={[mediaType, 'by its address']} />
  )
}

function File({
  name = 'a file',
  facts
}: {
  readonly name?: string | undefined
  readonly facts: readonly (string | undefined)[]
}): VNode {
  return (
    <p class="file">
      <bdi>{name}</bdi>{' '}
      <span class="dim">{facts.filter((fact) => fact !== undefined).join(', ')}</span>
    </p>
  )
}
