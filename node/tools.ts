/** Joins the tools of a node: where they come from, what its owner decided about them, and the runs that use them. */
import { extname, join } from 'node:path'
import { z } from 'zod'
import { asTool, TOOL_EFFECTS } from '../agents/tools/define-tool.ts'
import { callDirectly } from '../agents/tools/direct-call.ts'
import type { DirectCall } from '../agents/tools/direct-call.ts'
import type { ErrorPlace } from '../agents/tools/folder/error-place.ts'
import { watchFolder } from '../agents/tools/folder/folder-watch.ts'
import { createToolFolder } from '../agents/tools/folder/tool-folder.ts'
import { createGates } from '../agents/tools/gates.ts'
import { createToolRegistry } from '../agents/tools/registry.ts'
import type { ToolRegistry } from '../agents/tools/registry.ts'
import { TOOL_PATTERN, VERDICTS } from '../agents/tools/rule.ts'
import { createToolRules } from '../agents/tools/rules.ts'
import type { OwnRule, ToolRules } from '../agents/tools/rules.ts'
import { createTaints } from '../agents/tools/taint.ts'
import { createSessions, createToolboxes } from '../agents/tools/toolbox.ts'
import type { ToolboxRequest } from '../agents/tools/toolbox.ts'
import type { OpenToolbox } from '../agents/tools/tool.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { Logger } from '../core/logger.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { Finder } from '../discovery/directory/find.ts'
import { createNodeBuiltinTools } from './builtin-tools.ts'
import type { NodeConfig } from './config/schema.ts'
import type { NodeComponents } from './wire.ts'

export interface NodeToolsInit {
  readonly config: Pick<NodeConfig, 'tools' | 'memory'>
  readonly self: PeerIdText
  readonly dataDirectory: string
  /** Holds the folder of tools unless the configuration names another one. */
  readonly configDirectory: string
  /** Tools of the program that the node is part of. */
  readonly tools: readonly object[]
}

export interface NodeToolsComponents extends NodeComponents {
  /** `undefined` until there is one. */
  readonly finder: () => Pick<Finder, 'find'> | undefined
}

/** Started, it keeps the folder. */
export interface NodeTools extends Component {
  readonly registry: ToolRegistry
  readonly rules: ToolRules
  /** Absolute. */
  readonly folder: string
  /** Files of the folder that cannot be loaded. */
  problems(): readonly ErrorPlace[]
  /** To be called for every run of an agent. */
  open(request: ToolboxRequest): OpenToolbox
  /** @throws as `callDirectly` */
  call(request: ToolboxRequest, call: DirectCall): Promise<Json>
  /** As the registry's; resolves when it outlives the process. */
  setEnabled(selector: string, enabled: boolean): Promise<void>
}

const document = z.strictObject({
  v: z.literal(1),
  disabled: z.array(z.string().max(256)),
  rules: z.array(
    z.strictObject({
      tool: z.string().regex(TOOL_PATTERN),
      effect: z.enum(TOOL_EFFECTS).exactOptional(),
      caller: z.enum(['self', 'peer']),
      action: z.enum(VERDICTS),
      tainted: z.boolean().exactOptional()
    })
  )
})

const DENY_ALL: readonly OwnRule[] = (['self', 'peer'] as const).map((caller) => ({
  tool: '*',
  caller,
  action: 'deny'
}))

interface Saved {
  readonly v: 1
  readonly disabled: readonly string[]
  readonly rules: readonly OwnRule[]
}

/** As many rules as there may be, with the longest names. */
const FILE_BYTES = 1024 * 1024

/** What a file in the folder of tools gets when it imports `lumos-mesh` without having it installed. */
const PACKAGE = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href

export async function createNodeTools(
  { clock, random, logger, finder }: NodeToolsComponents,
  { config: { tools: config, memory }, self, dataDirectory, configDirectory, tools }: NodeToolsInit
): Promise<NodeTools> {
  const log = logger.child('tools')
  const { file, saved } = await openDecisions(join(dataDirectory, 'tools.json'), log)
  const registry = createToolRegistry({ offered: config.enabled, disabled: saved.disabled })
  const builtin = createNodeBuiltinTools(
    { clock, finder },
    { tools: config, memory: memory.enabled }
  )
  registry.assign('builtin', builtin.tools)
  registry.assign('program', tools.map(asTool))
  const rules = createToolRules(
    { save: (own) => file.write({ v: 1, disabled: registry.disabled(), rules: own }) },
    { configured: config.policy, own: saved.rules }
  )
  const components = {
    clock,
    random,
    registry,
    rules,
    taints: createTaints(),
    gates: createGates({ clock })
  }
  const open = createToolboxes(components, { self })
  const begin = createSessions(components, { self })
  const folder = config.folder ?? join(configDirectory, 'tools')
  const kept = createToolFolder(
    {
      clock,
      logger: log,
      importModule: (url) => import(url),
      watch: watchFolder,
      assign: (found) => registry.assign('folder', found)
    },
    { folder, packageUrl: PACKAGE }
  )
  return {
    registry,
    rules,
    folder,
    problems: () => kept.problems(),
    open,
    call: (request, call) => callDirectly(components, begin(request), call),
    async setEnabled(selector, enabled) {
      registry.setEnabled(selector, enabled)
      await file.write({ v: 1, disabled: registry.disabled(), rules: rules.own() })
    },
    start: () => kept.start(),
    stop: async () => void (await Promise.all([kept.stop(), builtin.stop()]))
  }
}

/** What was decided about tools by people, and the file that keeps it. */
async function openDecisions(path: string, logger: Logger) {
  const file = createJsonFile<Saved>({
    path,
    maxBytes: FILE_BYTES,
    parse: (value) => document.parse(value)
  })
  const nothing: Saved = { v: 1, disabled: [], rules: [] }
  // What was denied must not be allowed unseen.
  const unknown: Saved = { v: 1, disabled: [], rules: DENY_ALL }
  const read = await file.read((damaged) => {
    const hint = 'lumos tools reset "*"'
    logger.error('what was decided about tools is not known: none may be used', {
      ...damaged,
      hint
    })
    return unknown
  })
  // Nor at the next start, which finds no damaged file any more.
  if (read === unknown) await file.write(unknown)
  return { file, saved: read ?? nothing }
}
