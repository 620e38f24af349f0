/** What orbitdb-peer.mjs does: no TypeScript itself, as its packages are installed for the benches only. */

interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

export interface OrbitOperations {
  readonly start: (init: {
    readonly folder: string
    readonly name: string
  }) => Promise<{ readonly address: string }>
  /** Resolves with the address of the new database. */
  readonly create: (init: object) => Promise<string>
  readonly put: (init: { readonly count: number }) => Promise<Cost>
  readonly fetch: (init: {
    readonly address: string
    readonly from: string
    readonly count: number
  }) => Promise<Cost>
}
