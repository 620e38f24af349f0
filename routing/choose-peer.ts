/** Says whom a task would be given to among those that were not asked yet: for one question to several peers. */
import type { PeerIdText } from '../core/ids.ts'
import type { RouteChoice } from '../core/route-choice.ts'
import type { RouteProvider } from './directory-port.ts'
import { createLookup } from './lookup.ts'
import type { LookupComponents, LookupInit, RouteQuestion } from './lookup.ts'
import type { Selector } from './selector.ts'
import { told } from './told-choice.ts'

export interface PeerChooserComponents extends LookupComponents {
  readonly selector: Pick<Selector, 'choose'>
}

export interface PeerChoice {
  readonly provider: RouteProvider
  /** Why this one. */
  readonly choice: RouteChoice
}

export interface ChooseOptions {
  /** Whole nodes: two agents of one node would fail together. */
  readonly exclude: readonly PeerIdText[]
  readonly signal: AbortSignal
}

/** `undefined` when all who could do it are excluded; throws as a dispatch does when nobody can. */
export type ChoosePeer = (
  question: RouteQuestion,
  options: ChooseOptions
) => Promise<PeerChoice | undefined>

/** Chooses as the router does: the policy, then two drawn, and the one that is expected to finish first. */
export function createPeerChooser(
  { selector, ...components }: PeerChooserComponents,
  init: LookupInit = {}
): ChoosePeer {
  const lookup = createLookup(components, init)
  return async (question, { exclude, signal }) => {
    const { candidates, demand } = await lookup(question, signal)
    const left = candidates.filter(({ peer }) => !exclude.includes(peer))
    const choice = selector.choose(left, demand)
    return choice && { provider: choice.provider, choice: told(choice, demand) }
  }
}
