/** What attackers would like to take from the honest peer, and what they offer to be asked. */

/** A skill that the honest peer has, and nobody else. */
export const CANARY_SKILL = 'text.canary'

/** What a member offers that wants to be asked by the victim. */
export const BAIT = { agent: 'bait', skill: 'text.bait' } as const
