/** What a skill takes and gives as data, and which skill a message wants: A2A has no place for either. */
import type { AgentCard, Message } from './a2a.ts'
import type { JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'

/** In a card: `params` are schemas by skill id. */
export const SKILL_SCHEMAS_EXTENSION = 'urn:lumos:a2a:ext:skill-schemas:1'
/** In the metadata of a message: `{skill}`, the id of the skill that is wanted. */
export const SKILL_EXTENSION = 'urn:lumos:a2a:ext:skill:1'

/** JSON Schemas of a data part. */
export interface SkillSchemas {
  readonly input?: JsonObject
  readonly output?: JsonObject
}

/** What a card declares of a skill; `undefined` when nothing. */
export function skillSchemasOf(
  { capabilities }: Pick<AgentCard, 'capabilities'>,
  skill: string
): SkillSchemas | undefined {
  const declared = capabilities.extensions?.find(({ uri }) => uri === SKILL_SCHEMAS_EXTENSION)
  const { params = {} } = declared ?? {}
  const schemas = Object.hasOwn(params, skill) ? params[skill] : undefined
  if (!isJsonObject(schemas)) return undefined
  const { input, output } = schemas
  return { ...(isJsonObject(input) && { input }), ...(isJsonObject(output) && { output }) }
}

export function skillMetadata(skill: string): JsonObject {
  return { [SKILL_EXTENSION]: { skill } }
}

/** The skill that a message wants, when it names one. */
export function wantedSkill({ metadata }: Pick<Message, 'metadata'>): string | undefined {
  const value = metadata?.[SKILL_EXTENSION]
  const skill = isJsonObject(value) ? value['skill'] : undefined
  return typeof skill === 'string' ? skill : undefined
}
