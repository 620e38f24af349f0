/** What can be done about a peer; what others feel is asked first. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { Peer } from '../../../client/api.ts'
import type { Client } from '../../../client/browser.ts'
import { useDashboard } from '../../dashboard.tsx'
import { duration } from '../../format.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'

interface Action {
  readonly name: string
  /** Resolves with what became of it, in words. */
  readonly run: (client: Client, id: string) => Promise<string>
  /** Said before it is done. */
  readonly warning?: string
}

const PING: Action = {
  name: 'Ping',
  async run(client, id) {
    const { rttMs, path } = await client.ping(id)
    return `answered in ${duration(rttMs)}, ${path}`
  }
}
const CONNECT: Action = {
  name: 'Connect',
  run: (client, id) => client.connect(id).then(() => 'connected')
}
const DISCONNECT: Action = {
  name: 'Disconnect',
  run: (client, id) => client.disconnect(id).then(() => 'disconnected'),
  warning: 'Tasks that it works on go on there; either side may connect again.'
}
const BLOCK: Action = {
  name: 'Block',
  run: (client, id) => client.block(id).then(() => 'blocked'),
  warning: 'What is connected ends at once, and it connects no more until it is unblocked.'
}
const UNBLOCK: Action = {
  name: 'Unblock',
  run: (client, id) => client.unblock(id).then(() => 'may connect again')
}

export interface PeerActionsProps {
  readonly peer: Peer
  readonly isBlocked: boolean
}

export function PeerActions({ peer, isBlocked }: PeerActionsProps): VNode {
  const { client, live } = useDashboard()
  const busy = useSignal<Action | undefined>(undefined)
  const asked = useSignal<Action | undefined>(undefined)
  const told = useSignal('')
  const error = useSignal<unknown>(undefined)
  const act = async (action: Action): Promise<void> => {
    busy.value = action
    error.value = undefined
    told.value = ''
    try {
      told.value = await action.run(client, peer.id)
      await live.refresh()
    } catch (cause) {
      error.value = cause
    }
    busy.value = undefined
  }
  const question = asked.value
  return (
    <div class="stack tight">
      <div class="row" role="group" aria-label="What to do">
        {actionsFor(peer.state, isBlocked).map((action) => (
          <button
            key={action.name}
            type="button"
            disabled={busy.value !== undefined}
            onClick={() =>
              action.warning === undefined ? void act(action) : (asked.value = action)
            }
          >
            {busy.value === action ? `${action.name} …` : action.name}
          </button>
        ))}
      </div>
      <p role="status" class="dim">
        {told.value}
      </p>
      {error.value !== undefined && <ErrorBox error={error.value} />}
      {question !== undefined && (
        <Confirm
          title={`${question.name} this peer?`}
          does={question.name}
          onClose={() => (asked.value = undefined)}
          onConfirm={() => void act(question)}
        >
          <p>{question.warning}</p>
        </Confirm>
      )}
    </div>
  )
}

function actionsFor(state: Peer['state'], isBlocked: boolean): readonly Action[] {
  if (isBlocked) return [UNBLOCK]
  return state === 'connected' ? [PING, DISCONNECT, BLOCK] : [CONNECT, BLOCK]
}
