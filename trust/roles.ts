/** What a node is to its swarm; what each may do is in trust/operations.ts. */
export const ROLES = ['owner', 'admin', 'member', 'worker', 'client', 'relay'] as const

export type Role = (typeof ROLES)[number]

export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  owner: 'made the swarm; names admins',
  admin: 'lets others in and sends them away',
  member: 'asks and works',
  worker: 'does tasks; gives none of its own',
  client: 'gives tasks; offers no agents',
  relay: 'passes on connections of others'
}
