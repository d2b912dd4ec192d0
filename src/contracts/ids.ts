/** Names of things, told apart by the compiler: a tenant's id cannot stand where a connection's belongs. */

declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** UUID. */
export type TenantId = Branded<string, 'tenant'>
/** UUID. */
export type ConnectionId = Branded<string, 'connection'>
/** Our own number of a customer within the tenant; the CRM's id is `external_id`. */
export type CustomerId = Branded<number, 'customer'>
export type DecisionId = Branded<number, 'decision'>
/** UUID; also what providers are told, so that a call-back finds its row. */
export type InterventionId = Branded<string, 'intervention'>
/** UUID of one pass of a step. */
export type RunId = Branded<string, 'run'>

/** Says once, where a row or a request is parsed, what an id names. */
export const asTenant = (id: string): TenantId => id as TenantId
export const asConnection = (id: string): ConnectionId => id as ConnectionId
export const asCustomer = (id: number): CustomerId => id as CustomerId
export const asDecision = (id: number): DecisionId => id as DecisionId
export const asIntervention = (id: string): InterventionId => id as InterventionId
export const asRun = (id: string): RunId => id as RunId
