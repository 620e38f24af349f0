/** `lumos version`: what to name in a report. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cli, Host } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos version', 'Lumos, Node and the system')
    .example('lumos version --json', 'the same for a script')
    .action(() => printVersion(cli))
}

export async function printVersion(cli: Cli): Promise<void> {
  const version = await packageVersion(cli.host)
  const { platform, arch, versions } = process
  if (cli.flags.json) {
    cli.document({ v: 1, version, node: versions.node, platform, arch })
  } else cli.print(`lumos ${version}   node ${versions.node}   ${platform} ${arch}`)
}

export async function packageVersion({ packageRoot }: Host): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
