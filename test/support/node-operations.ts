/** Operations of the control API that look at the node itself, answered without one. */
import type { ControlOperations } from '../../gateway/control/operations.ts'

export function fakeDoctor(): Pick<ControlOperations, 'doctor' | 'fix'> {
  return {
    doctor: async () => ({
      v: 1,
      checks: [{ area: 'node', name: 'clock', state: 'warning', text: 'off', hint: 'set it' }]
    }),
    fix: async ({ fixes }) => ({
      v: 1,
      done: fixes.map((fix) => ({ fix, ok: true, text: 'done' }))
    })
  }
}

export function fakeDashboard(): ControlOperations['dashboard'] {
  return {
    code: async () => ({ v: 1, url: 'http://127.0.0.1:1/dashboard/', code: 'c', lifetimeMs: 1 }),
    end: async () => ({ v: 1, sessions: 1 })
  }
}
