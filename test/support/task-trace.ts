/** Where the time of a task went, as the control API tells it, with all fields. */
import type { TaskTrace } from '../../client/trace-api.ts'

const asker = { id: '12D3KooWAsker', name: 'amber-otter' }
const worker = { id: '12D3KooWWorker', name: 'ruby-finch' }

export const TASK_TRACE: TaskTrace = {
  v: 1,
  task: '01890a5d-ac96-774b-bcce-b302099a8057',
  trace: '01890a5dac96774bbcceb302099a8057',
  startedAt: '2026-01-02T03:04:05.678Z',
  tookMs: 41.5,
  spans: [
    {
      id: 'bcceb302099a8057',
      parent: '',
      depth: 0,
      name: 'task',
      subject: 'summarize',
      node: asker,
      startMs: 0,
      tookMs: 41.5,
      attributes: { target: 'summarize', task: '01890a5d-ac96-774b-bcce-b302099a8057' },
      events: [{ name: 'accepted', atMs: 12.25 }],
      error: ''
    },
    {
      id: '0000000100000001',
      parent: 'bcceb302099a8057',
      depth: 1,
      name: 'attempt',
      subject: 'ruby-finch',
      node: asker,
      startMs: 2,
      tookMs: 39,
      attributes: { peer: 'ruby-finch', path: 'direct', resumed: false, candidates: 3 },
      events: [],
      error: ''
    },
    {
      id: '0000000200000001',
      parent: '0000000100000001',
      depth: 2,
      name: 'run',
      subject: 'summarize',
      node: worker,
      startMs: 8.125,
      tookMs: null,
      attributes: { agent: 'summarize' },
      events: [],
      error: 'AGENT_FAILED'
    }
  ],
  missing: [{ id: '12D3KooWAway', name: 'slate-heron', why: 'away' }],
  dropped: 2
}
