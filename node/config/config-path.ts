/** Where the configuration of a profile is written down. */
import { join } from 'node:path'
import type { NodePaths } from '../../core/paths.ts'

export function configPath({ config }: Pick<NodePaths, 'config'>): string {
  return join(config, 'config.yaml')
}
