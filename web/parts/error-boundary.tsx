/** Keeps a page that fails from taking the others with it. */
import { Component } from 'preact'
import type { ComponentChildren } from 'preact'
import { ErrorBox } from './error-box.tsx'

interface Props {
  readonly children: ComponentChildren
}

interface State {
  readonly error?: unknown
}

export class ErrorBoundary extends Component<Props, State> {
  override state: State = {}

  static override getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override render({ children }: Props, { error }: State): ComponentChildren {
    if (error === undefined) return children
    return <ErrorBox error={error} onRetry={() => this.setState({ error: undefined })} />
  }
}
