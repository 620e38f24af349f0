/**
 * What a hosted agent keeps with its questions, each with the turns it belongs to: when the node dies between
 * keeping a state and telling the question, the run is done again, and must not go on behind a question that
 * nobody saw.
 */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'

export interface KeptState {
  /** Length of the history of the run that asked; the run with the answer has a longer one. */
  readonly turns: number
  /** Absent when the agent gave none away. */
  readonly state?: Json
}

/** Tells it from what was kept before there were turns, which was the bare state of the agent. */
const FORM = 'lumos/question-states/1'

/** The one that a run with so many turns goes on with. */
export function fittingState(kept: Json, turns: number): KeptState | undefined {
  return statesIn(kept).findLast((each) => each.turns < turns)
}

/** Of a question, and of the one before, whose answer may have to be given again; `undefined` where there is nothing to keep. */
export function keptWith(before: KeptState | undefined, asked: KeptState): Json | undefined {
  if (before?.state === undefined && asked.state === undefined) return undefined
  const both = formOf(before === undefined ? [asked] : [before, asked])
  // The store reads no more than that (node/hosting.ts); without the one before an agent begins anew.
  const most = LIMITS.hostStateBytes.value * 2
  return Buffer.byteLength(JSON.stringify(both)) <= most ? both : formOf([asked])
}

function formOf(states: readonly KeptState[]): Json {
  return {
    form: FORM,
    states: states.map(({ turns, state }) => ({ turns, ...(state !== undefined && { state }) }))
  }
}

function statesIn(kept: Json): readonly KeptState[] {
  if (!isJsonObject(kept) || kept['form'] !== FORM) return [{ turns: 0, state: kept }]
  const { states } = kept
  return Array.isArray(states) ? states.filter(isJsonObject).flatMap(stateOf) : []
}

function stateOf({ turns, state }: JsonObject): KeptState[] {
  return typeof turns === 'number' ? [{ turns, ...(state !== undefined && { state }) }] : []
}
