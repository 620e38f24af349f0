/** Asks for the address of a peer, and says what became of it. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { useDashboard } from '../../dashboard.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'

export function ConnectDialog({ onClose }: { readonly onClose: () => void }): VNode {
  const { client, live } = useDashboard()
  const address = useSignal('')
  const isBusy = useSignal(false)
  const error = useSignal<unknown>(undefined)
  const field = useId()
  const connect = async (): Promise<void> => {
    isBusy.value = true
    error.value = undefined
    try {
      await client.connect(address.value.trim())
      await live.refresh()
      onClose()
    } catch (cause) {
      error.value = cause
    }
    isBusy.value = false
  }
  return (
    <Dialog title="Connect to a peer" onClose={onClose}>
      <form
        class="stack tight"
        onSubmit={(event) => {
          event.preventDefault()
          void connect()
        }}
      >
        <label for={field}>Its address, or the name of one that is known</label>
        <input
          id={field}
          class="mono"
          placeholder="/ip4/192.168.1.5/tcp/4001/p2p/12D3Koo…"
          value={address.value}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => (address.value = event.currentTarget.value)}
        />
        {error.value !== undefined && <ErrorBox error={error.value} />}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class="primary"
            disabled={isBusy.value || address.value.trim() === ''}
          >
            {isBusy.value ? 'Connecting …' : 'Connect'}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
