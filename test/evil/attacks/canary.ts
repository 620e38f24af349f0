/** What attackers would like to take from the honest peer. */

/** A skill that the honest peer has, and nobody else. */
export const CANARY_SKILL = 'text.canary'
