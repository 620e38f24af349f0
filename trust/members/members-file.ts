/** Where a node keeps the members list of a swarm, and the keys that belong to it, for its next start. */
import { join } from 'node:path'
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import { createJsonFile } from '../../storage/json-file.ts'
import type { JsonFile } from '../../storage/json-file.ts'
import { charterSchema, statementSchema } from './statement.ts'

/** 4096 lines of some 400 bytes for each of a few speakers. */
const FILE_BYTES = 32 * 1024 * 1024

const document = z.strictObject({
  v: z.literal(1),
  charter: charterSchema,
  statements: z.array(statementSchema),
  keys: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(LIMITS.swarmKeysKept.value)
})

export type MembersDocument = z.infer<typeof document>

/** In the data directory. */
export function membersFile(swarm: string): string {
  return `swarm-${swarm}.members.json`
}

export function membersDocument(directory: string, swarm: string): JsonFile<MembersDocument> {
  const path = join(directory, membersFile(swarm))
  return createJsonFile({ path, maxBytes: FILE_BYTES, parse: (content) => document.parse(content) })
}

/** @throws FILE_DAMAGED for a list that cannot be read */
export function readMembers(file: JsonFile<MembersDocument>): Promise<MembersDocument | undefined> {
  return file.readNeeded('anybody with an old key of the swarm would do')
}
