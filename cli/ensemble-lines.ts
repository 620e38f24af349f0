/** Tells who answers one question to several peers, as it happens and when it is over. */
import type { RunEvent } from '../client/api.ts'
import { ENSEMBLE_AGENT_ID, ensembleReportOf, isAnswerArtifact } from '../core/ensemble.ts'
import type { EnsembleMember, EnsembleOutcome, EnsembleReport } from '../core/ensemble.ts'
import type { Cli } from './cli.ts'
import { duration, plural, shortId } from './format.ts'
import { lineOf } from './route-lines.ts'
import type { Style } from './style.ts'
import { oneLine, padEnd } from './width.ts'

type RoutedEvent = Extract<RunEvent, { type: 'routed' }>

/** Whether the task is this node's own question to several. */
export function isEnsemble({ agent, path }: Pick<RoutedEvent, 'agent' | 'path'>): boolean {
  return agent === ENSEMBLE_AGENT_ID && path === 'local'
}

export interface EnsembleTeller {
  /** What is left to be shown like any other event; `undefined` when the event is told. */
  tell(event: RunEvent): RunEvent | undefined
}

/** Notes are for the terminal: who is asked, who answered, and how the answer was found. */
export function createEnsembleTeller(
  cli: Cli,
  { endLine }: { readonly endLine: () => void }
): EnsembleTeller {
  const style = cli.err()
  const told: EnsembleMember[] = []
  let active = false
  let all = false

  function report(now: EnsembleReport): void {
    all = now.take === 'all'
    const isFirst = told.length === 0
    for (const line of newLines(now, told, style)) cli.note(line)
    const short = now.wanted - now.members.filter(({ state }) => state !== 'replaced').length
    if (isFirst && short > 0) {
      cli.note(`! ${plural(now.wanted, 'peer')} were wanted: ${now.members.length} can do it`)
    }
    told.splice(0, told.length, ...now.members)
    for (const line of outcomeLines(now)) cli.note(line)
  }

  return {
    tell(event) {
      if (event.type === 'routed') active ||= isEnsemble(event)
      if (!active) return event
      if (event.type === 'routed') return event
      if (event.type === 'status') return { ...event, text: '' }
      if (event.type === 'artifact') {
        const { artifact } = event
        const now = ensembleReportOf(artifact)
        if (now !== undefined) {
          report(now)
          return undefined
        }
        if (!isAnswerArtifact(artifact)) return event
        // Only the answer that was taken is shown, unless all were.
        if (!all) return undefined
        endLine()
        cli.note(style.strong(oneLine(artifact.name ?? artifact.artifactId)))
        return event
      }
      if (event.type !== 'result') return event
      const artifacts = event.task.artifacts.filter(
        (artifact) =>
          ensembleReportOf(artifact) === undefined && (all || !isAnswerArtifact(artifact))
      )
      return { ...event, task: { ...event.task, artifacts } }
    }
  }
}

/** What is in the report that was not told before. */
function newLines(
  { members, take }: EnsembleReport,
  told: readonly EnsembleMember[],
  style: Style
): string[] {
  const asked = members.slice(told.length)
  const names = asked.map(({ node }) => style.strong(oneLine(node.name))).join(', ')
  const agents = [...new Set(asked.map(({ agent }) => oneLine(agent)))].join(', ')
  const changed = members.flatMap((member, index) => {
    return member.state === (told[index]?.state ?? 'asked') ? [] : memberNotes(member, take)
  })
  return [
    ...changed,
    ...(asked.length === 0 ? [] : [`${style.accent('→')} ${style.strong(agents)} on ${names}`])
  ]
}

function memberNotes({ node, state, tookMs = 0, error }: EnsembleMember, take: string): string[] {
  const name = oneLine(node.name)
  const why = error === undefined ? '' : `: ${oneLine(error.message)}`
  if (state === 'answered')
    return take === 'all' ? [] : [`  ${name} answered in ${duration(tookMs)}`]
  if (state === 'failed') return [`! ${name} failed${why}`]
  if (state === 'replaced') return [`! ${name} is replaced${why}`]
  return [`  ${name} is not needed any more`]
}

function outcomeLines({ take, members, outcome }: EnsembleReport): string[] {
  if (outcome === undefined) return []
  const { judge = '', reason = '', fallback = false } = outcome
  if (take === 'majority') return [`  ${agreement(members, outcome)}`]
  if (take !== 'best') return []
  if (fallback) return [`! ${oneLine(reason)}`]
  if (judge === '') return [`  ${oneLine(reason)}`]
  const who = nameOfAnswer(members, outcome)
  return [`  ${oneLine(judge)} chose ${who}${reason && `: ${oneLine(reason)}`}`]
}

function nameOfAnswer(members: readonly EnsembleMember[], { answer }: EnsembleOutcome): string {
  const by = members.filter((member) => member.answer === answer)
  return by.map(({ node }) => oneLine(node.name)).join(', ')
}

function agreement(members: readonly EnsembleMember[], { votes = 0 }: EnsembleOutcome): string {
  const asked = members.filter(({ state }) => state !== 'replaced').length
  return `${votes} of ${asked} gave the same answer`
}

/** The whole story, for `lumos tasks show --trace`. */
export function ensembleLines(report: EnsembleReport, cli: Cli): string[] {
  const style = cli.out()
  const { take, members, wanted, outcome } = report
  const width = Math.max(0, ...members.map(({ node }) => oneLine(node.name).length))
  const head = `${style.accent('→')} ${take} of ${members.length}`
  const short = members.length < wanted ? `, ${wanted} were wanted` : ''
  return [
    '',
    `${head}${style.faint(short)}`,
    ...members.flatMap((member) => {
      const name = style.strong(padEnd(oneLine(member.node.name), width))
      const compared = member.choice?.compared ?? []
      return [
        `  ${name}  ${memberFacts(member, outcome)}`,
        ...compared.map((one) => style.faint(`    ${lineOf(one)}`))
      ]
    }),
    ...(outcome === undefined ? [] : outcomeLines(report))
  ]
}

function memberFacts(
  { state, answer, tookMs, task, error }: EnsembleMember,
  outcome: EnsembleOutcome | undefined
): string {
  const taken = answer !== undefined && answer === outcome?.answer ? ', taken' : ''
  const what = answer === undefined ? state : `answer ${answer}${taken}`
  const took = tookMs === undefined ? '' : ` in ${duration(tookMs)}`
  const id = task === undefined ? '' : `   task ${shortId(task)}`
  const why = error === undefined ? '' : `   ${error.code}: ${oneLine(error.message)}`
  return `${what}${took}${id}${why}`
}
