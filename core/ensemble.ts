/** One question to several peers: what is asked for, and the report of who answered what. */
import type { Artifact, Message } from './a2a.ts'
import type { WireError } from './errors.ts'
import type { Json, JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'
import { LIMITS } from './limits.ts'
import type { RouteChoice, RoutePolicy } from './route-choice.ts'
import { ROUTE_POLICIES } from './route-choice.ts'

/** The agent of each node that asks several peers; only its own node may ask it. */
export const ENSEMBLE_AGENT_ID = 'ensemble'
/** The artifact with the report. */
export const ENSEMBLE_REPORT_ID = 'ensemble'

/** In the metadata of a message: an {@link EnsembleWish}. */
const ENSEMBLE_EXTENSION = 'urn:lumos:a2a:ext:ensemble:1'

/** What is made of the answers; docs/routing.md says what each does. */
export const ENSEMBLE_TAKES = ['first', 'all', 'majority', 'best'] as const

export type EnsembleTake = (typeof ENSEMBLE_TAKES)[number]

/** How many are asked, and what is made of their answers. */
export interface EnsembleOptions {
  /** How many peers are asked at most, each once; from 2. */
  readonly peers: number
  /** Default `first`. */
  readonly take?: EnsembleTake
  /** Who chooses with `best`: agent id, skill id, tag, `@agent` or `@agent@node`; default `chat`. */
  readonly judge?: string
}

export interface EnsembleWish extends EnsembleOptions {
  readonly take: EnsembleTake
  /** Agent id, skill id, tag or `@agent`. */
  readonly target: string
  readonly where: 'remote' | 'any'
  readonly policy?: RoutePolicy
}

/** `replaced`: it did not take the question, or was lost, and another one was asked. `dismissed`: nobody needed it any more. */
export type MemberState = 'asked' | 'answered' | 'failed' | 'replaced' | 'dismissed'

/** One that was asked. */
export interface EnsembleMember {
  readonly node: { readonly id: string; readonly name: string }
  readonly agent: string
  readonly state: MemberState
  /** Whether its agent may do the same thing twice. */
  readonly idempotent: boolean
  /** Id of the task at it. */
  readonly task?: string
  /** Milliseconds to the answer or the failure. */
  readonly tookMs?: number
  readonly error?: WireError
  /** Equal answers have equal numbers, from 1 in the order they came. */
  readonly answer?: number
  /** Why it was asked. */
  readonly choice?: RouteChoice
}

/** How an answer was found, or why there is none. */
export interface EnsembleOutcome {
  /** Number of the answer that was taken; absent for `all`. */
  readonly answer?: number
  /** How many gave it. */
  readonly votes?: number
  /** How many are needed, with `majority`. */
  readonly needed?: number
  /** Who chose it; absent when there was no choice. */
  readonly judge?: string
  /** What the judge said of it, or why something else decided than was asked for. */
  readonly reason?: string
  /** It was not taken as was asked for: `reason` says why. */
  readonly fallback?: boolean
}

export interface EnsembleReport {
  readonly take: EnsembleTake
  /** How many were to be asked. */
  readonly wanted: number
  /** In the order they were asked. */
  readonly members: readonly EnsembleMember[]
  readonly outcome?: EnsembleOutcome
}

export function ensembleMetadata(wish: EnsembleWish): JsonObject {
  return { [ENSEMBLE_EXTENSION]: { ...wish } }
}

/** The ensemble that a message wants; `undefined` when it wants none, or none that could be. */
export function wishedEnsemble({ metadata }: Pick<Message, 'metadata'>): EnsembleWish | undefined {
  const value = metadata?.[ENSEMBLE_EXTENSION]
  if (!isJsonObject(value)) return undefined
  const { target, judge } = value
  const peers = value['peers']
  const take = ENSEMBLE_TAKES.find((name) => name === value['take'])
  const policy = ROUTE_POLICIES.find((name) => name === value['policy'])
  if (typeof target !== 'string' || take === undefined || !isPeerCount(peers)) return undefined
  return {
    target,
    peers,
    take,
    where: value['where'] === 'remote' ? 'remote' : 'any',
    ...(policy && { policy }),
    ...(typeof judge === 'string' && { judge })
  }
}

/** Whether so many can be asked. */
export function isPeerCount(value: Json | undefined): value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return false
  return value >= 2 && value <= LIMITS.ensemblePeers.value
}

/** The artifact of the `index`-th that was asked, from 0. */
export function answerArtifactId(index: number): string {
  return `answer-${index + 1}`
}

/** Whether it is the answer of one that was asked. */
export function isAnswerArtifact({ artifactId }: Pick<Artifact, 'artifactId'>): boolean {
  return /^answer-\d+$/.test(artifactId)
}

/** The report in an artifact, if it is that artifact. */
export function ensembleReportOf({ artifactId, parts }: Artifact): EnsembleReport | undefined {
  if (artifactId !== ENSEMBLE_REPORT_ID) return undefined
  const [data] = parts.flatMap((part) => (part.data === undefined ? [] : [part.data]))
  if (!isJsonObject(data) || !Array.isArray(data['members'])) return undefined
  if (!ENSEMBLE_TAKES.some((name) => name === data['take'])) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the ensemble agent of this very node (agents/ensemble/)
  return data as unknown as EnsembleReport
}
