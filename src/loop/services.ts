/** What the steps of the loop are given, and what a step is: the same for queue, API and command line. */
import type { Logger } from 'pino'
import type { Connector } from '../../connectors/connector.ts'
import type { PolicyContents } from '../../models/onnx/bundle-contents.ts'
import type { Clock } from '../contracts/clock.ts'
import type { ConnectionId, RunId, TenantId } from '../contracts/ids.ts'
import type { Database, Transaction } from '../store/database.ts'
import type { Engine } from './engine.ts'
import type { PreviewJudge } from './preview-book.ts'

/** Models, each loaded once and kept. */
export interface Engines {
  /**
   * @param location `shipped:<name>`, or the folder of a bundle
   * @param policy that a company had solved for its own catalogue; the shipped one by default
   * @throws HoldfastError `model_missing`, `model_corrupt`, `model_version`; what loading the policy throws
   */
  get(location: string, policy?: SolvedPolicyPlace | null): Promise<Engine>
  close(): Promise<void>
}

/** A connection as its connector is opened with it. */
export interface ConnectionPlace {
  readonly tenant: TenantId
  readonly id: ConnectionId
  readonly kind: string
  /** Parsed by the connector. */
  readonly config: unknown
}

/**
 * What only some connectors can: tasks for people, entries on the timeline, writing what a person agreed to, records of
 * what was done, and following a stream of events.
 */
export type Capability = 'tasks' | 'activities' | 'consent' | 'interventions' | 'events'

export interface Connectors {
  /**
   * Whether connections of a kind can do something beside being read and written: known without opening one.
   *
   * @example
   * connectors.can('csv', 'tasks') // false
   */
  can(kind: string, capability: Capability): boolean
  /**
   * The caller closes it.
   *
   * @throws HoldfastError `connector_configuration`, `connector_unavailable`, `connector_reconnect`
   */
  open(connection: ConnectionPlace): Promise<Connector>
}

/** Keys of a tenant, made at first use and sealed in the vault; kept in memory afterwards. */
export interface Secrets {
  /** Keys the hashes of addresses: the same address, the same hash, for as long as the tenant exists. */
  addressKey(tx: Transaction): Promise<Buffer>
  /** Signs links that leave the house, such as those to unsubscribe. */
  linkKey(tx: Transaction): Promise<Buffer>
}

/** A policy that is kept in the database: each process loads it once. */
export interface SolvedPolicyPlace {
  /** Of its bundle. */
  readonly hash: string
  load(): Promise<PolicyContents>
}

export interface LoopServices {
  readonly database: Database
  readonly engines: Engines
  readonly connectors: Connectors
  readonly secrets: Secrets
  readonly clock: Clock
  readonly log: Logger
  /** Copies outside of the database of what went to these addresses go, such as those of the sandboxes; absent: there are none. */
  forgetCopies?(of: { readonly emails: readonly string[]; readonly phones: readonly string[] }): void
  /** A customer file that was brought through the app goes; one that lies elsewhere is somebody's own, and stays. */
  forgetFile?(tenant: TenantId, path: string): Promise<void>
  /** For whoever is asked for an approval; absent: they are told less. */
  readonly asking?: {
    /** What would become of interventions, and what their messages would say. */
    preview(tenant: TenantId): PreviewJudge
    /** Under which people reach the pages; null: a link would lead nowhere. */
    readonly publicUrl: string | null
  }
}

/** In the order of the loop; `act` goes by intervention, not by connection, and is none of these. */
export const STEP_NAMES = ['sync', 'refresh', 'score', 'decide', 'write_back', 'observe', 'solve'] as const
export type StepName = (typeof STEP_NAMES)[number]

export interface StepContext {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly run: RunId
  /** schedule, webhook, events, api, cli, settings, first, or the step before. */
  readonly cause: string
  /** Aborted when the process drains: the step ends after the batch in hand, and is called again later. */
  readonly signal: AbortSignal
  /** For people who watch; cheap, and written at most twice a second. */
  progress(done: number, total: number | null): void
}

/** What a pass did, by name: `{ added: 3, changed: 2, unchanged: 95 }`. */
export type Counts = Readonly<Record<string, number>>

/**
 * One pass of a step over a connection: works in batches of one transaction each, can be killed at any time and run
 * again without harm. What it leaves for the next step it asks for with `requestStep`, in the same transaction.
 */
export type LoopStep = (services: LoopServices, context: StepContext) => Promise<Counts>
