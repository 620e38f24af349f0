/** Gets the tools out of one file, whatever they are exported as. */
import { pathToFileURL } from 'node:url'
import { asTool } from '../define-tool.ts'
import type { Tool } from '../tool.ts'
import type { ToolFile } from './read-folder.ts'

/** Imports a module; a URL that was imported before gives the same module. */
export type ImportModule = (url: string) => Promise<unknown>

/** @throws what the module throws; TypeError when it exports no tool, or something that only looks like one */
export async function loadToolFile(
  { path, version }: ToolFile,
  importModule: ImportModule
): Promise<readonly Tool[]> {
  const module = await importModule(`${pathToFileURL(path).href}?v=${version}`)
  const tools = [...new Set(toolsIn(module, 1))]
  if (tools.length === 0) throw new TypeError('it exports no tool')
  return tools
}

/** Exports are tools, or lists and objects of tools; whatever else a file exports is its own business. */
function toolsIn(value: unknown, depth: number): readonly Tool[] {
  if (typeof value !== 'object' || value === null) return []
  if (looksLikeTool(value)) return [asTool(value)]
  return depth > 2 ? [] : Object.values(value).flatMap((member) => toolsIn(member, depth + 1))
}

function looksLikeTool(value: object): boolean {
  return (
    typeof Reflect.get(value, 'execute') === 'function' && Reflect.get(value, 'id') !== undefined
  )
}
