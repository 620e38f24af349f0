/** The systemd unit of a node, as text: what it runs, as whom it tells, how it ends and what it may not do. */
import { EXIT } from '../core/error-table.ts'
import { LIMITS } from '../core/limits.ts'

export interface ServiceUnit {
  readonly profile: string
  /** Absolute path of the Node that runs it. */
  readonly node: string
  /** Its flags, then the program and its words. */
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** One unit a profile. */
export function unitName(profile: string): string {
  return profile === 'default' ? 'lumos.service' : `lumos-${profile}.service`
}

/** Past the deadline of the daemon itself, which then ends by its own hand and says so. */
const STOP_SECONDS = Math.ceil(LIMITS.daemonStop.value / 1000) + 5

/** Another start mends neither the command line nor the configuration. */
const HOPELESS = [EXIT.usage, EXIT.badConfig]

export function unitText({ profile, node, words, env }: ServiceUnit): string {
  const lines = Object.entries(env).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`
  )
  return `# Made by "lumos service install"; it writes this file anew. Changes of yours: systemctl --user edit ${unitName(profile)}
[Unit]
Description=${specifierFree(`Lumos node, profile ${profile}`)}
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=notify
# Node cannot open systemd's socket itself: systemd-notify speaks for it.
NotifyAccess=all
ExecStart=${[node, ...words].map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}
${lines.join('\n')}
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=${HOPELESS.join(' ')}
TimeoutStartSec=90
TimeoutStopSec=${STOP_SECONDS}
# Agents of hosted projects are the node's to stop; what is left of them goes with it.
KillMode=mixed
# One of them that takes too much memory is no reason to stop the node.
OOMPolicy=continue
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# Not MemoryDenyWriteExecute, since V8 compiles; not ProtectHome or ProtectSystem, since the node runs
# agents in folders of yours, and since a user's systemd may not have the namespaces they take.

[Install]
WantedBy=default.target
`
}

/** One word: spaces, quotes and letters of any script stay as they are. */
function quoted(word: string): string {
  const escaped = specifierFree(word).replaceAll(/[\\"]/g, '\\$&')
  return `"${escaped.replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`
}

function specifierFree(text: string): string {
  return text.replaceAll('%', '%%')
}
