/** What the control API says about hosted projects, and what it is asked: schemas of client/hosting-api.ts. */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type * as api from '../../../client/hosting-api.ts'
import { count, named, v } from './document.ts'

const MIB = 1024 * 1024
/** Less than any Node takes, and more than any machine has. */
const MEMORY = { least: 64 * MIB, most: 1024 * 1024 * MIB }

const hostName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower case letters, digits and dashes')

const hostSummary = {
  name: z.string(),
  path: z.string().describe('The file or folder that is hosted.'),
  state: z.enum(['starting', 'ready', 'restarting', 'quarantined', 'stopped']),
  reason: z.string().exactOptional().describe('Why it does not run.'),
  agents: z.array(z.string()).describe('Ids of its agents.'),
  pid: count.exactOptional(),
  rssBytes: count.exactOptional(),
  memoryBytes: count.describe('Resident bytes above which its process is killed.'),
  restarts: count.describe('By itself, since this node hosts it.'),
  env: z.array(z.string()).describe('Names of the variables that it was given.'),
  kept: z.boolean().describe('Whether it is hosted again after the node has been restarted.')
}

const host: z.ZodType<api.HostSummary> = named('Host', z.strictObject(hostSummary))

export const hostDocument: z.ZodType<api.HostDocument> = named(
  'HostDocument',
  z.strictObject({ v, host })
)

export const removedHostDocument: z.ZodType<api.RemovedHostDocument> = named(
  'RemovedHostDocument',
  z.strictObject({ v, host, ended: count.describe('Tasks that did not end in time, and failed.') })
)

export const hostList: z.ZodType<api.HostList> = named(
  'HostList',
  z.strictObject({ v, hosts: z.array(host) })
)

export const hostRequest: z.ZodType<api.HostRequest> = named(
  'HostRequest',
  z.strictObject({
    path: z.string().max(4096).refine(isAbsolute, 'an absolute path'),
    name: hostName.exactOptional().describe('Default: as the project is called.'),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(64 * 1024))
      .refine((variables) => Object.keys(variables).length <= 256, 'at most 256 variables')
      .exactOptional(),
    memoryBytes: z.int().min(MEMORY.least).max(MEMORY.most).exactOptional(),
    once: z.boolean().exactOptional().describe('Not hosted again after a restart of the node.')
  })
)
