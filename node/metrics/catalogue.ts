/** Every metric of a node: name, kind, labels and meaning. docs/metrics.md is made of this table. */
import { CALL_SECONDS, counter, gauge, histogram, TASK_SECONDS } from './metric-kinds.ts'
import type { CataloguedMetric } from './metric-kinds.ts'

/** By area, in the order of the documentation. A star marks labels whose values others choose. */
export const METRICS = {
  tasks: {
    ended: counter(
      'lumos_tasks_total',
      ['role', 'agent*', 'skill*', 'outcome'],
      'Tasks that ended: `role` is `worker` or `caller`, `outcome` completed, failed, canceled or rejected. `skill` is the one that the message names.'
    ),
    duration: histogram('lumos_task_duration_seconds', ['role', 'skill*', 'outcome'], {
      buckets: TASK_SECONDS,
      help: 'From the order, or its arrival, to the end. `skill` is that of the message, or else the agent.'
    }),
    failures: counter(
      'lumos_task_failures_total',
      ['code*'],
      'Tasks asked for here that did not complete, by the code of the error (docs/errors.md).'
    ),
    running: gauge(
      'lumos_tasks_running',
      ['role'],
      'Tasks that have not ended, those that wait included.'
    ),
    queued: gauge('lumos_tasks_queued', [], 'Accepted tasks that wait for a place at their agent.'),
    load: gauge('lumos_agent_load_ratio', [], 'Tasks per place of the busiest agent, 0 to 1.')
  },
  routing: {
    choices: counter(
      'lumos_routing_choices_total',
      ['path'],
      'Workers that were chosen for a task: this node itself (`local`), or a peer over a `direct` or a `relay` connection.'
    ),
    retries: counter(
      'lumos_routing_retries_total',
      ['code*'],
      'Workers that did not take a task, so that another one was asked (failover).'
    ),
    hedges: counter(
      'lumos_routing_hedges_total',
      ['outcome'],
      'Tasks that were given to a second worker as well: `asked`, and then `lost` when the first answered all the same.'
    ),
    sent: counter(
      'lumos_routing_sent_total',
      ['outcome'],
      'Tasks sent to one worker, by what that taught of it: `success`, `failure`, or `neither`.'
    ),
    breakers: counter(
      'lumos_routing_breaker_opens_total',
      [],
      'Times that an agent at a peer failed so often that it gets no tasks for a while.'
    ),
    lookup: histogram('lumos_routing_lookup_seconds', [], {
      buckets: CALL_SECONDS,
      help: 'From the question who can do a task to the list of candidates.'
    })
  },
  sessions: {
    open: gauge(
      'lumos_sessions',
      ['path'],
      'Peers with a session, by the way its connection takes.'
    ),
    opened: counter(
      'lumos_sessions_opened_total',
      [],
      'Sessions that were opened, by either side.'
    ),
    closed: counter('lumos_sessions_closed_total', ['reason*'], 'Sessions that ended, by code.'),
    refused: counter(
      'lumos_sessions_refused_total',
      ['reason*'],
      'Peers that could be reached but not used, by code: another swarm, another version, this node’s own key.'
    ),
    offences: counter(
      'lumos_session_offences_total',
      ['code*'],
      'What peers did that the protocol forbids.'
    ),
    roundTrip: gauge(
      'lumos_session_round_trip_seconds',
      ['quantile'],
      'Last heartbeats over all sessions: quantiles 0.5, 0.9 and 1.'
    ),
    calls: counter(
      'lumos_calls_total',
      ['direction', 'method', 'outcome*'],
      'Calls that ended: `out` made here, `in` made by peers; `outcome` is `ok`, `left` when nobody wanted the rest, or a code. Calls that were not taken have no method.'
    ),
    callDuration: histogram('lumos_call_duration_seconds', ['direction', 'method'], {
      buckets: CALL_SECONDS,
      help: 'From the beginning of a call to the end of its answer.'
    }),
    bytes: counter(
      'lumos_session_bytes_total',
      ['direction'],
      'Frames of sessions, before encryption.'
    )
  },
  network: {
    bytes: counter(
      'lumos_network_bytes_total',
      ['direction'],
      'Over connections with peers, as it goes over the wire.'
    ),
    connections: gauge(
      'lumos_connections',
      ['direction', 'path'],
      'Open connections, by who opened them and the way they take.'
    ),
    streams: gauge('lumos_streams', ['protocol*', 'direction'], 'Open streams by protocol.'),
    dials: counter(
      'lumos_dials_total',
      ['outcome*'],
      'Peers that this node tried to reach, at all of their addresses: `success`, or the code of why not.'
    ),
    upgrades: counter(
      'lumos_connection_upgrades_total',
      ['direction', 'outcome'],
      'Connections that came as far as agreeing on keys and protocols: `success` or `error`.'
    ),
    foreign: counter(
      'lumos_foreign_contacts_total',
      [],
      'Others that spoke without the key of this swarm.'
    ),
    denied: counter(
      'lumos_peers_denied_total',
      [],
      'Connections of peers that are not, or no longer, members.'
    ),
    violations: counter(
      'lumos_wire_violations_total',
      [],
      'Connections closed because their bytes were an attack or a defect.'
    )
  },
  memory: {
    entries: gauge(
      'lumos_memory_entries',
      ['space*'],
      'Keys that this node holds of a space, deleted ones included while they are kept.'
    ),
    bytes: gauge(
      'lumos_memory_bytes',
      ['space*'],
      'Bytes of these, without the database’s own cost.'
    ),
    changes: counter(
      'lumos_memory_changes_total',
      [],
      'Entries that changed here, whoever wrote them.'
    ),
    conflicts: counter(
      'lumos_memory_conflicts_total',
      [],
      'Writes that lost against one that had not seen them: `lumos memory history` shows them.'
    ),
    repairs: counter(
      'lumos_memory_repairs_total',
      ['outcome'],
      'Comparisons with peers: `equal` afterwards, `different` still, or `failed`.'
    ),
    repaired: counter(
      'lumos_memory_repaired_records_total',
      ['way'],
      'Records that comparisons moved: `pulled`, `pushed`, `audited` (found by the audit alone), `dropped`.'
    )
  },
  discovery: {
    agents: gauge(
      'lumos_agents_known',
      ['where'],
      'Agents in the directory: `local` and `remote`.'
    ),
    table: gauge('lumos_dht_table_peers', [], 'Peers in the routing table of the DHT.'),
    records: gauge(
      'lumos_dht_provider_records',
      [],
      'Provider records that this node keeps for the swarm.'
    ),
    queries: counter(
      'lumos_dht_queries_total',
      ['operation', 'outcome'],
      'Queries of this node: `provide` or `find`, `success` or `error`; a search that is ended early, since enough was found, is none.'
    )
  },
  gossip: {
    received: counter(
      'lumos_gossip_messages_total',
      ['outcome'],
      'Messages of gossip that came: `duplicate`, `invalid` (signature), and by verdict `accepted`, `ignored`, `rejected`.'
    ),
    published: counter('lumos_gossip_published_total', [], 'Messages of this node’s own.'),
    forwarded: counter(
      'lumos_gossip_forwarded_total',
      [],
      'Messages of others that were passed on.'
    ),
    bytes: counter(
      'lumos_gossip_bytes_total',
      ['direction'],
      'All that gossip says, its own upkeep included.'
    ),
    mesh: gauge(
      'lumos_gossip_mesh_peers',
      ['topic'],
      'Neighbours with which messages of a topic are exchanged: `presence`, or all `memory` spaces together.'
    ),
    topics: gauge('lumos_gossip_topics', ['topic'], 'Topics that this node listens to.')
  },
  http: {
    requests: counter(
      'lumos_http_requests_total',
      ['door', 'status'],
      'Requests over HTTP by door and class of status (`2xx`); `cut` when the client left first.'
    ),
    refused: counter(
      'lumos_http_refusals_total',
      ['code*'],
      'Requests that were answered with an error, by code.'
    ),
    connections: gauge('lumos_http_connections', [], 'Open connections to the doors.'),
    rejected: counter(
      'lumos_http_connections_rejected_total',
      [],
      'Connections that found no place.'
    )
  },
  process: {
    info: gauge(
      'lumos_node_info',
      ['version', 'node', 'peer', 'swarm'],
      'Always 1; says which node this is.'
    ),
    start: gauge(
      'process_start_time_seconds',
      [],
      'When the process started, in seconds since the epoch.'
    ),
    cpu: counter(
      'process_cpu_seconds_total',
      ['mode'],
      'CPU time of the process, `user` and `system`.'
    ),
    resident: gauge('process_resident_memory_bytes', [], 'Resident memory.'),
    heap: gauge('nodejs_heap_size_used_bytes', [], 'JavaScript heap in use.'),
    external: gauge('nodejs_external_memory_bytes', [], 'Buffers outside of the heap.'),
    loop: gauge(
      'nodejs_eventloop_lag_seconds',
      ['stat'],
      'How late the event loop was since the last look (5 s, or 1 s while somebody watches): `p99` and `max`.'
    ),
    utilization: gauge(
      'nodejs_eventloop_utilization_ratio',
      [],
      'Part of the time since the last scrape that the event loop was busy.'
    ),
    problems: gauge('lumos_problems', [], 'What `lumos status` names as wrong just now.'),
    readOnly: gauge(
      'lumos_read_only',
      [],
      '1 while the database takes no writes, and the node no tasks.'
    )
  }
} as const satisfies Readonly<Record<string, Readonly<Record<string, CataloguedMetric>>>>
