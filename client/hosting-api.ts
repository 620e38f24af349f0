/** The control API's documents about hosted projects. */

export type HostState = 'starting' | 'ready' | 'restarting' | 'quarantined' | 'stopped'

export interface HostSummary {
  readonly name: string
  /** The file or folder that is hosted. */
  readonly path: string
  readonly state: HostState
  /** Why it does not run. */
  readonly reason?: string
  /** Ids of its agents. */
  readonly agents: readonly string[]
  readonly pid?: number
  readonly rssBytes?: number
  /** Resident bytes above which its process is killed. */
  readonly memoryBytes: number
  /** By itself, since this node hosts it. */
  readonly restarts: number
  /** Names of the variables that it was given; their values are told to nobody. */
  readonly env: readonly string[]
  /** Whether it is hosted again after the node has been restarted. */
  readonly kept: boolean
}

export interface HostDocument {
  readonly v: 1
  readonly host: HostSummary
}

export interface RemovedHostDocument extends HostDocument {
  /** Tasks that did not end in time, and failed. */
  readonly ended: number
}

export interface HostList {
  readonly v: 1
  readonly hosts: readonly HostSummary[]
}

export interface HostRequest {
  /** Absolute. */
  readonly path: string
  /** Default: as the project is called. */
  readonly name?: string
  readonly env?: Readonly<Record<string, string>>
  readonly memoryBytes?: number
  /** Not hosted again after a restart of the node. */
  readonly once?: boolean
}
