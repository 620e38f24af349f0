/** What an operator wants to know first: what is wrong, who is up, what happens. */
import type { VNode } from 'preact'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { duration } from '../format.ts'
import { ErrorBox } from '../parts/error-box.tsx'
import { Facts, Panel } from '../parts/panel.tsx'

function Overview(): VNode {
  const { live } = useDashboard()
  const status = live.status.value
  const failure = live.failure.value
  return (
    <div class="stack">
      <h1>Overview</h1>
      {failure !== undefined && <ErrorBox error={failure} onRetry={() => void live.refresh()} />}
      {status?.problems.map((problem) => (
        <ErrorBox key={problem.message} error={problem} />
      ))}
      {status !== undefined && (
        <Panel title="This node">
          <Facts
            facts={[
              ['Up for', duration(status.uptimeMs)],
              ['Peers', status.peers],
              ['Agents', status.agents],
              ['Version', status.version]
            ]}
          />
        </Panel>
      )}
    </div>
  )
}

export const page: Page = {
  id: 'overview',
  title: 'Overview',
  key: 'o',
  order: 10,
  icon: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-4H4zM14 8h6V4h-6z',
  view: Overview
}
