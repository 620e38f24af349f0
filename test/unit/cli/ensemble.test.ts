/** What `lumos run --peers` shows: who is asked, who answered, and how the answer was found. */
import { expect, test } from 'vitest'
import type { Artifact } from '../../../core/a2a.ts'
import { answerArtifactId, ENSEMBLE_REPORT_ID } from '../../../core/ensemble.ts'
import type {
  EnsembleMember,
  EnsembleOutcome,
  EnsembleTake,
  MemberState
} from '../../../core/ensemble.ts'
import { createTestCli } from '../../support/cli.ts'
import { lines } from '../../support/control-operations.ts'
import { events, result, task } from '../../support/run-events.ts'
import type { Unnumbered } from '../../support/run-events.ts'

const self = { id: '12D3KooWSelf', name: 'self' }

const routed = {
  type: 'routed',
  candidates: 1,
  worker: self,
  agent: 'ensemble',
  path: 'local',
  lookupMs: 0
} as Unnumbered

function told(artifact: Artifact): Unnumbered {
  return { type: 'artifact', artifact, append: false, lastChunk: false, atMs: 1 } as Unnumbered
}

function member(
  name: string,
  state: MemberState,
  more: Partial<EnsembleMember> = {}
): EnsembleMember {
  return { node: { id: name, name }, agent: 'poll', state, idempotent: true, ...more }
}

interface ReportInit {
  readonly take?: EnsembleTake
  readonly wanted?: number
  readonly outcome?: EnsembleOutcome
}

function report(members: readonly EnsembleMember[], init: ReportInit = {}): Artifact {
  const data = { take: 'first', wanted: members.length, members, ...init }
  return { artifactId: ENSEMBLE_REPORT_ID, parts: [{ data: structuredClone(data) as never }] }
}

function answer(index: number, name: string, text: string): Artifact {
  return { artifactId: answerArtifactId(index), name, parts: [{ text }] }
}

const taken: Artifact = { artifactId: 'result', parts: [{ text: 'yes' }] }

function ended(artifacts: readonly Artifact[]): Unnumbered {
  return result('TASK_STATE_COMPLETED', {
    task: { id: task, state: 'TASK_STATE_COMPLETED', artifacts },
    worker: self
  })
}

async function show(list: readonly Unnumbered[], flags: readonly string[]) {
  const cli = await createTestCli({ run: () => lines(events(list)) })
  return cli.run(['run', 'poll', 'well?', ...flags])
}

test('the answer alone is on stdout, who gave it on stderr', async () => {
  const error = { code: 'AGENT_FAILED', message: 'it broke', hint: '', details: {} } as const
  const last = report(
    [
      member('amber', 'answered', { tookMs: 12, answer: 1 }),
      member('birch', 'failed', { error }),
      member('cedar', 'answered', { tookMs: 20, answer: 1 })
    ],
    { take: 'majority', wanted: 5, outcome: { answer: 1, votes: 2, needed: 2 } }
  )
  const asked = ['amber', 'birch', 'cedar'].map((name) => member(name, 'asked'))
  const shown = await show(
    [
      routed,
      told(report(asked, { take: 'majority', wanted: 5 })),
      told(answer(0, 'amber', 'yes')),
      told(answer(2, 'cedar', 'yes')),
      told(last),
      told(taken),
      ended([last, answer(0, 'amber', 'yes'), answer(2, 'cedar', 'yes'), taken])
    ],
    ['--peers', '5', '--take', 'majority']
  )
  expect(shown).toEqual({
    code: 0,
    out: 'yes\n',
    err: `→ poll on amber, birch, cedar
! 5 peers were wanted: 3 can do it
  amber answered in 12 ms
! birch failed: it broke
  cedar answered in 20 ms
  2 of 3 gave the same answer
✓ 214 ms, first event after 31 ms   self   task …7f3a9c1e
`
  })
})

test('all answers are shown, each behind the name of its peer', async () => {
  const members = [
    member('amber', 'answered', { answer: 1 }),
    member('birch', 'answered', { answer: 2 })
  ]
  const asked = ['amber', 'birch'].map((name) => member(name, 'asked'))
  const shown = await show(
    [
      routed,
      told(report(asked, { take: 'all' })),
      told(answer(0, 'amber', 'a')),
      told(answer(1, 'birch', 'b')),
      told(report(members, { take: 'all', outcome: {} })),
      ended([])
    ],
    ['--peers', '2', '--take', 'all']
  )
  expect(shown.out).toBe('a\nb\n')
  expect(shown.err).toContain('→ poll on amber, birch\namber\nbirch\n✓')
})

test('who was replaced, and what a judge said or did not say, is told', async () => {
  const error = { code: 'OVERLOADED', message: 'no room', hint: '', details: {} } as const
  const members = [
    member('amber', 'replaced', { error }),
    member('birch', 'answered', { answer: 1, tookMs: 5 }),
    member('cedar', 'answered', { answer: 2, tookMs: 6 })
  ]
  const chosen = { answer: 2, votes: 1, judge: 'chat', reason: 'it is\nshorter' }
  const { err } = await show(
    [
      routed,
      told(
        report(
          members.slice(0, 2).map((one) => ({ ...one, state: 'asked' as const })),
          { take: 'best' }
        )
      ),
      told(report(members, { take: 'best', wanted: 2, outcome: chosen })),
      told(taken),
      ended([taken])
    ],
    ['--peers', '2', '--take', 'best']
  )
  expect(err).toContain('! amber is replaced: no room\n')
  expect(err).toContain('→ poll on cedar\n')
  expect(err).toContain('  chat chose cedar: it is shorter\n')
})

test.for<[string[], string]>([
  [['--take', 'all'], 'add --peers 3'],
  [['--peers', '1'], 'no whole number from 2 on'],
  [['--peers', '17'], '16 at most'],
  [['--peers', '3', '--to', 'bob'], '--peers and --to exclude each other'],
  [['--peers', '3', '--local'], '--peers and --local exclude each other'],
  [['--peers', '3', '--take', 'bets'], 'did you mean best?'],
  [['--peers', '3', '--judge', 'chat'], 'add --take best']
])('%j is refused with what to do: %s', async ([flags, words]) => {
  const { code, err } = await show([], flags)
  expect([code, err]).toEqual([2, expect.stringContaining(words)])
})
