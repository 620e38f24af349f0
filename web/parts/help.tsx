/** The keys, as they are just now. */
import type { VNode } from 'preact'
import { useDashboard } from '../dashboard.tsx'
import { Dialog } from './dialog.tsx'

export function Help({ onClose }: { readonly onClose: () => void }): VNode {
  const { shortcuts } = useDashboard()
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {shortcuts.list().map(({ key, does }) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
