/**
 * What the app has done in setting up and tending connections, as routes know it: none of what it is done with, which only
 * the process that does it has to load.
 */
import type { AccountUser, SeenRecord, UserField } from '../../connectors/account-view.ts'
import type { StageCounts } from '../../connectors/value-counts.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import type { MappingComparison } from '../loop/mapping-compare.ts'
import type { MappingChange } from '../loop/mapping-draft.ts'
import type { MappingView } from '../loop/mapping-view.ts'
import type { ConnectionCheck } from '../store/connection-checks.ts'
import type { InstallWish } from '../security/install-attempt.ts'
import type { Population } from '../store/connections.ts'
import type { AccountFound, Connected } from './account-found.ts'
import type { Person } from './acting-person.ts'
import type { CustomerFiles } from './customer-files.ts'

/** What is to be connected, as the app has it from a person; secrets are used, sealed and never given back. */
export type Wanted =
  | {
      readonly kind: 'hubspot'
      /** Of a private app. */
      readonly token?: string | undefined
      readonly webhookSecret?: string | undefined
      /** An account in which the app was installed, see {@link PortalInstall}. */
      readonly portal?: string | undefined
      readonly object: 'companies' | 'contacts'
    }
  | {
      readonly kind: 'salesforce'
      readonly object: 'Account' | 'Contact'
      readonly signIn:
        | { readonly how: 'web'; readonly org: string; readonly loginUrl?: string | undefined }
        | {
            readonly how: 'key'
            readonly key: string
            readonly clientId: string
            readonly username: string
            readonly loginUrl?: string | undefined
          }
        | {
            readonly how: 'secret'
            readonly secret: string
            readonly clientId: string
            readonly loginUrl: string
          }
    }
  /** @see CustomerFiles */
  | { readonly kind: 'file'; readonly file: string }
  /** Customers made up, in a file: nobody is ever written to. */
  | { readonly kind: 'sample' }

export interface ConnectChoices {
  readonly name?: string | undefined
  /** The connection that is signed in to anew; null: it is another one. */
  readonly again: ConnectionId | null
}

export interface SettingUp extends StatedCustomers {
  /** What would be connected, with nothing kept (but a person's consent, which may be given once only). */
  look(
    tenant: TenantId,
    wanted: Exclude<Wanted, { readonly kind: 'sample' }>,
    by: Person,
  ): Promise<AccountFound>
  /** Looks as {@link SettingUp.look} does, and keeps it where all is well. */
  connect(tenant: TenantId, wanted: Wanted, choices: ConnectChoices, by: Person): Promise<Connected>
  /**
   * A consent in the browser.
   *
   * @param origin where the person has Holdfast open; used where no public address is set
   * @returns the address to open, and by what its answer is asked for
   */
  beginConsent(
    tenant: TenantId,
    asked: { readonly loginUrl?: string | undefined; readonly origin: string },
  ): Promise<{ readonly address: string; readonly state: string; readonly callback: string }>
  /** @returns the org that was signed in to; null: not yet */
  consented(
    tenant: TenantId,
    state: string,
  ): Promise<{ readonly org: string; readonly username: string } | null>
  /** Null where this installation has no app at HubSpot. */
  readonly portalInstall: PortalInstall | null
  readonly files: Pick<CustomerFiles, 'receive'>
  readonly mapping: MappingControl
  readonly agreements: AgreementControl
  /** Looks at a connection as `doctor` does, and keeps what was found. */
  check(tenant: TenantId, connection: ConnectionId, by: Person): Promise<ConnectionCheck>
  disconnect(tenant: TenantId, connection: ConnectionId, data: LeftData, by: Person): Promise<Disconnected>
}

/** The app is put into a HubSpot account by somebody's consent in the browser. */
export interface PortalInstall {
  /**
   * @param wish.object of another connection; of one that is signed in to again it is known
   * @param wish.redirectUri where HubSpot sends the browser back to; its app has to allow it
   * @returns the address to send the browser to, and the value of a cookie that proves the answer
   */
  begin(
    tenant: TenantId,
    wish: InstallWish & { readonly redirectUri: string },
  ): Promise<{ readonly address: string; readonly cookie: string }>
  /**
   * Keeps the consent; the account can be looked at and connected then.
   *
   * @throws HoldfastError `unauthenticated` for what was not begun there, `connector_reconnect` for a code that was used,
   *   `connector_configuration` where scopes are missing, `conflict` for another account than was meant
   */
  finish(
    tenant: TenantId,
    answer: {
      readonly state: string
      readonly cookie: string | null
      readonly code: string
      readonly redirectUri: string
    },
    by: Person,
  ): Promise<InstallWish & { readonly portal: string }>
}

/** What becomes of everything that is known of the customers of a connection that is left. */
export type LeftData = 'keep' | 'erase'

export interface Disconnected {
  /** Whether the CRM was told that the app leaves. */
  readonly uninstalled: boolean
  /** Whether the sign-in was forgotten: no other connection uses it. */
  readonly forgotten: boolean
  /** Whether what is known of its customers is being erased from now on. */
  readonly erasing: boolean
}

export interface PopulationChoices {
  /** Null: nobody said yet, and nobody is scored. */
  readonly population: Population | null
  readonly records: number
  readonly stages: readonly StageCounts[]
  /** Null: nothing tells customers from others. */
  readonly proposed: Population | null
}

export interface PopulationPreview {
  /** As it would be stored. */
  readonly population: Population
  readonly customers: number
  readonly records: number
  readonly examples: readonly SeenRecord[]
}

export interface ResponsibleChoices {
  /** A property or field, or a role in the account's team; null: of a file a column says it. */
  readonly current: { readonly field: string } | { readonly teamRole: string } | null
  /** Id of a user; null: nobody. */
  readonly fallback: string | null
  readonly records: number
  readonly fields: readonly UserField[]
  readonly users: readonly AccountUser[]
}

export interface StatedResponsible {
  readonly field?: string
  readonly teamRole?: string
  /** Absent: as it was; null: nobody. */
  readonly fallback?: string | null
  /** As it stood when somebody looked; absent: they do not mind. */
  readonly was?: Pick<ResponsibleChoices, 'current' | 'fallback'>
}

export interface StatedCustomers {
  /** @param property another one whose values are counted */
  choices(tenant: TenantId, id: ConnectionId, property?: string): Promise<PopulationChoices>
  /** @throws HoldfastError for a population that this kind of CRM cannot be asked for */
  preview(tenant: TenantId, id: ConnectionId, population: Population): Promise<PopulationPreview>
  /**
   * @param was as it stood when somebody looked; absent: they do not mind
   * @throws HoldfastError `column_values` where it is nobody, `conflict` where it was said otherwise since
   */
  save(
    tenant: TenantId,
    id: ConnectionId,
    population: Population,
    by: Person,
    was?: Population | null,
  ): Promise<PopulationPreview & { readonly entered: number; readonly left: number }>
  responsibles(tenant: TenantId, id: ConnectionId): Promise<ResponsibleChoices>
  /** @throws HoldfastError `conflict` where it was said otherwise since `was` */
  saveResponsible(tenant: TenantId, id: ConnectionId, stated: StatedResponsible, by: Person): Promise<void>
}

/** A field of the CRM that shows what Holdfast found. */
export interface WrittenField {
  /** By its name in the CRM. */
  readonly name: string
  readonly label: string
}

export interface ConnectionMapping extends MappingView {
  /** Changes with each saving: a draft is of the mapping that was looked at. */
  readonly mark: string
  /** What is written to the records; empty: a file has its figures in a file beside it. */
  readonly written: readonly WrittenField[]
  /** Whether anything is (settings: writeBack.enabled). */
  readonly writes: boolean
}

export interface MappingControl {
  /** @throws HoldfastError `connector_configuration` before anything is known of the properties */
  view(tenant: TenantId, id: ConnectionId): Promise<ConnectionMapping>
  /** @throws HoldfastError `settings_invalid` */
  preview(tenant: TenantId, id: ConnectionId, changes: readonly MappingChange[]): Promise<MappingComparison>
  /**
   * @param mark of the mapping that the changes were made to
   * @throws HoldfastError `conflict` when somebody saved another since, `settings_invalid`
   */
  save(
    tenant: TenantId,
    id: ConnectionId,
    saved: { readonly changes: readonly MappingChange[]; readonly mark: string; readonly by: Person },
  ): Promise<void>
}

/** A value as the CRM has it, and as people see it. */
export interface Choice {
  readonly value: string
  readonly label: string
}

/** As the config of the connection has it (connectors/hubspot/config.ts, connectors/salesforce/config.ts). */
export type AgreementSource = Readonly<Record<string, unknown>> & {
  readonly from: 'properties' | 'deals' | 'opportunities' | 'contracts'
}

export interface AgreementChoices {
  readonly current: AgreementSource
  /** What they could come from beside fields of the customer itself. */
  readonly groups: readonly {
    readonly from: 'deals' | 'opportunities' | 'contracts'
    /** Of Salesforce the kind of record, which has one set of stages. */
    readonly pipelines: readonly {
      readonly id: string
      readonly label: string
      readonly stages: readonly Choice[]
    }[]
    readonly amounts: readonly Choice[]
    readonly dates: readonly Choice[]
  }[]
}

/** Customers of a sample by what is known of their agreements. */
export interface AgreementPreview {
  readonly sample: number
  readonly withAgreement: number
  readonly withAmount: number
  readonly withPeriod: number
  readonly withRenewal: number
  /** ISO 4217. */
  readonly currencies: readonly string[]
}

export interface AgreementControl {
  /** @throws HoldfastError `connector_configuration` for a file, whose columns say it */
  choices(tenant: TenantId, id: ConnectionId): Promise<AgreementChoices>
  /** @returns null: they are read from fields, which the mapping tells */
  preview(tenant: TenantId, id: ConnectionId, source: AgreementSource): Promise<AgreementPreview | null>
  /**
   * @param saved.was as it stood when somebody looked; undefined: they do not mind
   * @throws HoldfastError `connector_configuration` naming what cannot be, `conflict` where it was said otherwise since
   */
  save(
    tenant: TenantId,
    id: ConnectionId,
    saved: {
      readonly source: AgreementSource
      readonly was: AgreementSource | undefined
      readonly by: Person
    },
  ): Promise<void>
}
