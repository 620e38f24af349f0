/** The flag that all commands of a space share. */
import type { LumosCommand } from '../lumos-command.ts'

export interface SpaceFlags {
  readonly space: string
}

/** What every node of the swarm has. */
const SHARED = 'shared'

export function spaceOption(command: LumosCommand): LumosCommand {
  return command.option('--space <space>', 'which space: lumos spaces', SHARED)
}
