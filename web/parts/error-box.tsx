/** A failure in words: what happened, and what to do about it. */
import type { VNode } from 'preact'
import { CopyButton } from './copy-button.tsx'

export interface ErrorBoxProps {
  /** A LumosError, or whatever was thrown. */
  readonly error: unknown
  /** Offered as a button. */
  readonly onRetry?: () => void
}

export function ErrorBox({ error, onRetry }: ErrorBoxProps): VNode {
  const { code, message, hint } = wordsOf(error)
  return (
    <div class="error-box" role="alert">
      <p>
        <strong dir="auto">{message}</strong>
        {code !== '' && <code class="dim"> {code}</code>}
      </p>
      {hint !== '' && (
        <p class="hint">
          <span dir="auto">{hint}</span>
          <CopyButton text={hint} what="the hint" />
        </p>
      )}
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** What stands in a failure, whatever was thrown. */
function wordsOf(error: unknown): { code: string; message: string; hint: string } {
  if (typeof error !== 'object' || error === null) {
    return { code: '', message: String(error), hint: '' }
  }
  return {
    code: textAt(error, 'code'),
    message: textAt(error, 'message'),
    hint: textAt(error, 'hint')
  }
}

function textAt(value: object, key: string): string {
  const found: unknown = Reflect.get(value, key)
  return typeof found === 'string' ? found : ''
}
