/** A part that is loaded when it is first shown. */
import { createElement } from 'preact'
import type { ComponentChildren, ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { ErrorBox } from './error-box.tsx'

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined
  return function Lazy(props: P): ComponentChildren {
    const part = useSignal<{ readonly view?: ComponentType<P>; readonly error?: unknown }>(
      loaded === undefined ? {} : { view: loaded }
    )
    useEffect(() => {
      if (loaded !== undefined) return
      load().then(
        (view) => {
          loaded = view
          return (part.value = { view })
        },
        (error: unknown) => (part.value = { error })
      )
    }, [])
    const { view, error } = part.value
    if (error !== undefined) return <ErrorBox error={error} onRetry={() => location.reload()} />
    if (view === undefined)
      return (
        <p class="dim" role="status">
          …
        </p>
      )
    return createElement(view, props)
  }
}
