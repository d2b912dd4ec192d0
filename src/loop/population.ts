/** Who counts as a customer: nobody until somebody said so, since records outside are never scored or acted on. */
import type { CustomerRecord, PropertyValue } from '../../connectors/connector.ts'
import { key } from '../../models/features/words.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'
import {
  clearCursor,
  readConnection,
  savePopulation,
  type Population,
  type ValuePopulation,
} from '../store/connections.ts'
import { membersByProperty, moveMembers } from '../store/customers.ts'
import type { Transaction } from '../store/database.ts'
import { requestStep } from '../store/steps.ts'

/**
 * @param population null: nobody said yet, and nobody is in it
 * @returns whether a record is a customer
 * @example
 * const is = memberOf({ kind: 'property', property: 'type', values: ['Customer'] })
 * is({ properties: { type: ' customer ' } }) // true
 */
export function memberOf(
  population: Population | null,
): (record: Pick<CustomerRecord, 'properties' | 'member'>) => boolean {
  if (population === null) return () => false
  if (population.kind === 'condition') return ({ member }) => member === true
  if (population.kind === 'everyone') return () => true
  const { property } = population
  const is = memberByValue(population)
  return ({ properties }) => is(Object.hasOwn(properties, property) ? properties[property] : null)
}

function memberByValue(population: Population | null): (value: PropertyValue) => boolean {
  if (population === null || population.kind === 'condition') return () => false
  if (population.kind === 'everyone') return () => true
  const values = new Set(population.values.map(comparable))
  return (value) => value !== null && values.has(comparable(String(value)))
}

const comparable = (value: string): string => value.trim().normalize('NFC').toLowerCase()

/** Columns that say where in its life a record is, the surest first. */
const STAGES = [
  'lifecyclestage',
  'lifecycle',
  'type',
  'accounttype',
  'recordtype',
  'contacttype',
  'companytype',
]
const CUSTOMERS = new Set(
  [
    'customer',
    'customers',
    'client',
    'active customer',
    'current customer',
    'existing customer',
    'evangelist',
  ]
    .concat(['customer direct', 'customer channel', 'kunde', 'bestandskunde', 'client actif', 'cliente'])
    .map(key),
)

/**
 * What is proposed to the person who has to say it: records whose lifecycle stage or type is customer; where no
 * property tells customers from others, everyone.
 *
 * @example
 * proposePopulation(profile) // { kind: 'property', property: 'lifecyclestage', values: ['customer'] }
 */
export function proposePopulation(profile: TableProfile): ValuePopulation {
  for (const stage of STAGES) {
    const named = profile.columns.find(({ header }) => isStage(header, stage))
    const column = named ?? profile.columns.find(({ label }) => label !== undefined && isStage(label, stage))
    const values = column === undefined ? [] : customerValues(column)
    if (values.length > 0) return { kind: 'property', property: column!.header, values }
  }
  return { kind: 'everyone' }
}

const isStage = (name: string, stage: string): boolean => key(name.replace(/__p?c$/iu, '')) === stage

/** Stages that a company made for itself have ids for values, and only their labels say what they are. */
function customerValues(column: ColumnProfile): readonly string[] {
  return column.values
    .filter(({ value, label }) => isCustomerWord(value) || (label !== undefined && isCustomerWord(label)))
    .map(({ value }) => value)
}

/**
 * Whether a value of a lifecycle stage or type says that the record is a customer.
 *
 * @example
 * isCustomerWord('Existing customer') // true
 */
export function isCustomerWord(value: string): boolean {
  return CUSTOMERS.has(key(value))
}

/**
 * Says who counts as a customer, at once for all that is stored: who comes in is scored, who leaves is written back
 * as left. A CRM is read once more, since of records outside only the properties are known; where the new population goes
 * by another property than the one before, that alone tells who is in it.
 *
 * @returns how many came in and went out
 */
export async function changePopulation(
  tx: Transaction,
  connection: ConnectionId,
  population: Population | null,
): Promise<{ readonly entered: number; readonly left: number }> {
  const before = await readConnection(tx, connection)
  await savePopulation(tx, connection, population)
  const property = population?.kind === 'property' ? population.property : null
  if (before.kind !== 'csv') {
    // Of a CRM no more is stored than was read for the population of before.
    await clearCursor(tx, connection)
    await requestStep(tx, { connection, step: 'sync', cause: 'settings' })
    const stored = before.population?.kind === 'property' ? before.population.property : null
    // Whether a record meets a condition is the CRM's to say.
    if (population?.kind === 'condition') return { entered: 0, left: 0 }
    if (property !== null && property !== stored) return { entered: 0, left: 0 }
  }
  const is = memberByValue(population)
  const entered: CustomerId[] = []
  const left: CustomerId[] = []
  for (const { id, status, value } of await membersByProperty(tx, connection, property)) {
    const now = is(value) ? 'active' : 'left'
    if (now !== status) (now === 'active' ? entered : left).push(id)
  }
  await moveMembers(tx, entered, 'active')
  await moveMembers(tx, left, 'left')
  if (entered.length > 0) await requestStep(tx, { connection, step: 'score', cause: 'settings' })
  if (left.length > 0) await requestStep(tx, { connection, step: 'write_back', cause: 'settings' })
  return { entered: entered.length, left: left.length }
}
