/** The door: how to come in, and why the last try did not. */
import type { VNode } from 'preact'
import type { Session } from '../session.ts'
import { Command } from './command.tsx'
import { ErrorBox } from './error-box.tsx'

export function SignIn({
  session,
  isOpening
}: {
  readonly session: Session
  readonly isOpening: boolean
}): VNode {
  const failure = session.failure.value
  if (isOpening && failure === undefined)
    return (
      <p class="opening" role="status">
        Signing in …
      </p>
    )
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = event.currentTarget
    if (!(form instanceof HTMLFormElement)) return
    const token = new FormData(form).get('token')
    if (typeof token === 'string' && token.trim() !== '') session.paste(token)
  }
  return (
    <main class="sign-in">
      <h1>Lumos</h1>
      {failure !== undefined && <ErrorBox error={failure} />}
      <p>On the machine of this node, this signs you in:</p>
      <p>
        <Command text="lumos dashboard" />
      </p>
      <form onSubmit={submit}>
        <label for="token">Or with a token, as “lumos auth token create” prints it</label>
        <div class="row">
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            placeholder="lumos_…"
          />
          <button type="submit" class="primary">
            Sign in
          </button>
        </div>
        <p class="dim">
          It needs the scopes control/read, and control/write to change things; task/send to run
          agents.
        </p>
      </form>
    </main>
  )
}
