/** A JSON value as people read it, in colours that tell keys from texts; whatever is in it is text. */
import type { VNode } from 'preact'
import type { Json } from '../../core/json.ts'

/** Characters that are shown; more would make the page slow, and nobody reads on. */
const MOST_SHOWN = 50_000

/** A string with the colon of a key behind it, a string, a word, a number. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g

export function JsonView({ value }: { readonly value: Json }): VNode {
  const whole = JSON.stringify(value, undefined, 2) ?? ''
  const text = whole.slice(0, MOST_SHOWN)
  return (
    <pre class="json" tabIndex={0} aria-label="JSON">
      {tokens(text)}
      {whole.length > text.length && (
        <span class="dim">{`\n… ${whole.length - text.length} characters more`}</span>
      )}
    </pre>
  )
}

function tokens(text: string): (VNode | string)[] {
  const found: (VNode | string)[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [token, quoted, colon] = match
    found.push(text.slice(end, match.index))
    const kind = colon !== undefined ? 'key' : quoted !== undefined ? 'text' : 'word'
    found.push(<span class={kind}>{quoted ?? token}</span>)
    if (colon !== undefined) found.push(colon)
    end = match.index + token.length
  }
  found.push(text.slice(end))
  return found
}
