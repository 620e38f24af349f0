/** `lumos id`: what another node needs to know to reach this one. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos id', 'name, PeerId, swarm and addresses')
    .example('lumos id --json | jq -r .addresses[0]', 'an address for --bootstrap of another node')
    .action(async () => {
      const identity = await cli.client().id(cli.call())
      if (cli.flags.json) return cli.document(identity)
      const style = cli.out()
      cli.print(`${style.strong(identity.name)}   swarm ${identity.swarm}`)
      cli.print(identity.peerId)
      for (const address of identity.addresses) cli.print(address)
    })
}
