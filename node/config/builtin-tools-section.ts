/** What can be configured about the built-in tools: what is not given to them, they do not have. */
import { z } from 'zod'
import { WEB_METHODS } from '../../agents/tools/builtin/web/web-methods.ts'
import { LIMITS } from '../../core/limits.ts'
import { isWebAllowance } from '../../core/web-targets.ts'
import { within } from './duration.ts'

const folders = z.array(z.string().min(1)).default([])

const http = z.strictObject({
  allow: z
    .array(
      z.string().refine(isWebAllowance, 'must be a host, an address or a network like 10.0.0.0/8')
    )
    .default([])
    .describe(
      'Hosts, addresses and networks that tools may fetch from although they are not public.'
    ),
  methods: z
    .array(z.enum(WEB_METHODS))
    .min(1)
    .default(['GET', 'HEAD'])
    .describe('HTTP methods of `http_fetch`.')
})

const files = z.strictObject({
  roots: folders.describe('Folders that tools may read. Without any there is no tool that reads.'),
  writeRoots: folders.describe(
    'Folders that tools may write to. Without any there is no tool that writes.'
  )
})

const shell = z.strictObject({
  programs: z
    .array(
      z.string().regex(/^(?:\/.+|[\w.+-]+)$/, 'must be the name of a program or its absolute path')
    )
    .default([])
    .describe(
      'Programs that the tool `shell` may run, such as `git`. Without any there is no such tool.'
    ),
  roots: folders.describe('Folders that programs may work in; at least one is needed.'),
  timeout: within(LIMITS.taskDuration.value)
    .prefault(`${LIMITS.shellTime.value / 1000}s`)
    .describe('How long one command may take.'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable'), z.string())
    .default({})
    .describe('Variables that programs are given besides `PATH`, `HOME`, `LANG` and `TERM`.')
})

/** Members of `tools`. */
export const builtinTools = {
  http: http.prefault({}),
  files: files.prefault({}),
  shell: shell.prefault({})
}

/** Keys whose values are paths, see `PATH_KEYS`. */
export const BUILTIN_TOOL_PATHS = [
  'tools.files.roots',
  'tools.files.writeRoots',
  'tools.shell.roots'
] as const
