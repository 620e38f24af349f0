/** The attacked node: the real program in a process of its own, looked at from outside. */
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { createClient } from '../../client/client.ts'
import type { Client } from '../../client/client.ts'
import { YOUNG_HEAP } from '../../cli/daemon-process.ts'
import { THRIFTY_GLIBC } from '../../cli/thrifty-glibc.ts'
import { resolvePaths } from '../../core/paths.ts'
import { createLumos } from '../support/lumos.ts'
import type { Ready } from '../support/lumos.ts'
import { PROBE_VARIABLE } from './probe.ts'
import type { Feeling } from './probe.ts'

export interface Victim extends Ready {
  readonly client: Client
  readonly swarmId: string
  feel(): Promise<Feeling>
  /** What it logged so far, a JSON object a line. */
  log(): Promise<string>
  kill(): Promise<void>
}

export interface VictimInit {
  /** Empty; with a short path. */
  readonly folder: string
  /** 64 hex digits. */
  readonly swarmKey: string
  /** What the `files` agent may read. */
  readonly filesRoot: string
  /** What the tools of its models may read. */
  readonly privateRoot: string
  /** Base URL of the server of its model. */
  readonly model: string
}

export async function startVictim(init: VictimInit): Promise<Victim> {
  const { folder, swarmKey, filesRoot, privateRoot, model } = init
  const probe = join(folder, 'probe')
  const home = join(folder, 'victim')
  const lumos = createLumos({
    home,
    runtime: join(folder, 'run-victim'),
    env: {
      // As `lumos up` and the container start it.
      ...THRIFTY_GLIBC,
      LUMOS_SWARM_KEY: swarmKey,
      OPENAI_BASE_URL: model,
      LUMOS_MODELS_DEFAULT: 'openai/test-model',
      // As loose as an operator may be, so that what holds is what rules cannot loosen unsaid.
      LUMOS_TOOLS_POLICY: 'allow http_fetch for peers,allow files_read for peers',
      LUMOS_TOOLS_FILES_ROOTS: privateRoot,
      LUMOS_TOOLS_HTTP_ALLOW: 'localhost',
      [PROBE_VARIABLE]: probe,
      NODE_OPTIONS: `${YOUNG_HEAP} --import ${pathToFileURL(join(import.meta.dirname, 'probe.ts')).href}`
    }
  })
  const ready = await lumos.daemon([
    'daemon',
    '--name',
    'victim',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--files-root',
    filesRoot,
    '--no-mdns',
    '--no-same-host'
  ])
  const paths = resolvePaths(lumos.env)
  const client = createClient({ socket: paths.socket })
  const { swarmId } = await client.status()
  return {
    ...ready,
    client,
    swarmId,
    feel: () => askProbe(probe),
    log: () => readFile(paths.log, 'utf8'),
    kill: () => lumos.kill()
  }
}

async function askProbe(path: string): Promise<Feeling> {
  return JSON.parse(await text(connect(path)))
}
