/** Checks what an agent yields: agents are other people's code, and their mistakes must stay theirs. */
import { asAgentStep } from '../core/agent-step.ts'
import { LIMITS } from '../core/limits.ts'
import type { AgentOutput } from './agent.ts'

/** As deep and as wide as peers accept JSON: what goes out must get in elsewhere. */
const MAX_DEPTH = 32
const MAX_KEYS = 1000
const MAX_PARTS = 1000
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const CONTENTS = ['text', 'raw', 'url', 'data'] as const

/** Its message completes the sentence "the agent yielded …". */
export class OutputFlaw extends Error {}

/** Throws an {@link OutputFlaw} unless `output` is what an agent may yield. */
export function assertOutput(output: unknown): asserts output is AgentOutput {
  const budget = { bytes: LIMITS.agentOutputBytes.value }
  if (typeof output === 'string') spendText(output, budget)
  else checkObject(asRecord(output, 'an output'), budget)
}

interface Budget {
  bytes: number
}

type Fields = Readonly<Record<string, unknown>>

function checkObject(output: Fields, budget: Budget): void {
  const { type, text, fraction, step, artifact } = output
  if (type === 'artifact') return checkArtifact(asRecord(artifact, 'an artifact'), budget)
  if (type === 'input-required' || type === 'auth-required') return checkQuestion(output, budget)
  if (type !== 'progress') {
    throw new OutputFlaw('an output that is no text, progress, artifact or question')
  }
  if (typeof text !== 'string') throw new OutputFlaw('progress without a text')
  spendText(text, budget)
  if (step !== undefined) checkStep(step, budget)
  if (fraction === undefined) return
  const valid = typeof fraction === 'number' && fraction >= 0 && fraction <= 1
  if (!valid) throw new OutputFlaw('a fraction outside 0 to 1')
}

function checkStep(step: unknown, budget: Budget): void {
  spendJson(step, budget, 1)
  if (asAgentStep(step) === undefined) throw new OutputFlaw('a step that is none')
}

function checkQuestion({ text, parts = [] }: Fields, budget: Budget): void {
  if (typeof text !== 'string' || text === '') throw new OutputFlaw('a question without a text')
  spendText(text, budget)
  checkParts(parts, 'a question', budget)
}

function checkParts(parts: unknown, what: string, budget: Budget): void {
  if (!Array.isArray(parts)) throw new OutputFlaw(`${what} whose parts are no list`)
  if (parts.length > MAX_PARTS) throw new OutputFlaw(`${what} of more than ${MAX_PARTS} parts`)
  for (const part of parts) checkPart(asRecord(part, 'a part'), budget)
}

function checkArtifact(artifact: Fields, budget: Budget): void {
  for (const name of ['artifactId', 'name', 'description']) {
    optionalText(artifact[name], name, budget)
  }
  const { artifactId, parts, extensions = [], metadata } = artifact
  if (artifactId === '') throw new OutputFlaw('an empty artifactId')
  if (!Array.isArray(parts) || parts.length === 0) throw new OutputFlaw('an artifact without parts')
  checkParts(parts, 'an artifact', budget)
  if (!Array.isArray(extensions)) throw new OutputFlaw('extensions that are no list')
  for (const extension of extensions) optionalText(extension, 'extension', budget)
  if (metadata !== undefined) spendJson(asRecord(metadata, 'metadata'), budget, 1)
}

function checkPart(part: Fields, budget: Budget): void {
  const contents = CONTENTS.filter((name) => part[name] !== undefined)
  if (contents.length !== 1) {
    throw new OutputFlaw(`a part with ${contents.length} of text, raw, url and data, not one`)
  }
  for (const name of ['text', 'raw', 'url', 'filename', 'mediaType']) {
    optionalText(part[name], name, budget)
  }
  const { raw, data, metadata } = part
  if (typeof raw === 'string' && (raw.length % 4 !== 0 || !BASE64.test(raw))) {
    throw new OutputFlaw('a raw part that is not base64')
  }
  if (data !== undefined) spendJson(data, budget, 1)
  if (metadata !== undefined) spendJson(asRecord(metadata, 'metadata'), budget, 1)
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asRecord(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw new OutputFlaw(`${what} that is no object`)
  return value
}

function optionalText(value: unknown, name: string, budget: Budget): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw new OutputFlaw(`${name} that is no text`)
  spendText(value, budget)
}

function spendText(text: string, budget: Budget): void {
  // UTF-8 takes at most 3 bytes a UTF-16 unit: exact counting is for texts near the limit only.
  budget.bytes -= text.length * 3 <= budget.bytes ? text.length : Buffer.byteLength(text)
  if (budget.bytes >= 0) return
  throw new OutputFlaw(`an output of more than ${LIMITS.agentOutputBytes.value} bytes`)
}

/** Walks `value` as JSON; the depth limit also ends circles. */
function spendJson(value: unknown, budget: Budget, depth: number): void {
  if (depth > MAX_DEPTH) throw new OutputFlaw(`data deeper than ${MAX_DEPTH} levels`)
  spendText(',', budget)
  if (typeof value === 'string') spendText(value, budget)
  else if (Array.isArray(value)) for (const item of value) spendJson(item, budget, depth + 1)
  else if (isRecord(value)) spendObject(value, budget, depth)
  else if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new OutputFlaw('a number that JSON cannot hold')
  } else if (value !== null && typeof value !== 'boolean' && typeof value !== 'number') {
    throw new OutputFlaw(`data of type ${typeof value}`)
  }
}

function spendObject(value: Fields, budget: Budget, depth: number): void {
  if ('toJSON' in value) throw new OutputFlaw('data with a toJSON of its own')
  const entries = Object.entries(value)
  if (entries.length > MAX_KEYS) throw new OutputFlaw(`an object of more than ${MAX_KEYS} keys`)
  for (const [key, item] of entries) {
    spendText(key, budget)
    // As JSON.stringify does: a member that is undefined is absent.
    if (item !== undefined) spendJson(item, budget, depth + 1)
  }
}
