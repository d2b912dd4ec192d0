/** What customers pay for, out of the opportunities or contracts that belong to them. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { dayIn, moneyOf, readPeriod, yesOrNo } from '../agreement-values.ts'
import type { Agreement } from '../connector.ts'
import type { ContractAgreements, OpportunityAgreements } from './config.ts'
import type { SalesforceContext } from './context.ts'
import { isFailure } from './errors.ts'
import type { Field } from './object-fields.ts'
import { orgOf } from './org.ts'
import { present } from './present.ts'
import { groupedBy, idIn, rowsOf, textIn, type Row } from './rows.ts'
import { and, compare, oneOf, type Condition } from './soql.ts'
import { readTime } from './values.ts'

export type AgreementSource = OpportunityAgreements | ContractAgreements

/** Objects that agreements come from, as the API names them. */
export const AGREEMENT_OBJECT = { opportunities: 'Opportunity', contracts: 'Contract' } as const

/**
 * @param ids of customers
 * @returns an entry for each id, also for those without any
 * @throws HoldfastError `column_missing` when a field that the connection names is gone, `connector_configuration` when
 *   our user may not read the object at all
 * @example
 * (await agreementsOf(context, ['001…'])).get('001…')?.[0].renewalDate
 */
export async function agreementsOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Agreement[]>> {
  const { agreements: source } = context.config
  if (source.from === 'properties' || ids.length === 0) return new Map(ids.map((id) => [id, []]))
  const fields = await fieldsOf(context, source)
  try {
    return await read(context, source, fields, ids)
  } catch (error) {
    // It was there a moment ago: what is gone by now is named.
    if (!isFailure(error, 'INVALID_FIELD')) throw error
    context.memory.forget()
    await fieldsOf(context, source)
    throw error
  }
}

/**
 * The fields that are read of each agreement, by what they tell.
 *
 * @example
 * agreementFields(source).renewal // 'CloseDate'
 */
export function agreementFields(source: AgreementSource): Readonly<Record<string, string>> {
  const { amountField, periodMonths, startField, renewalField, noticeField, autoRenewalField } = source
  return {
    amount: amountField,
    renewal: renewalField,
    ...(source.currencyField !== undefined && { currency: source.currencyField }),
    ...(typeof periodMonths === 'object' && { period: periodMonths.field }),
    ...(startField !== undefined && { start: startField }),
    ...(noticeField !== undefined && { notice: noticeField }),
    ...(autoRenewalField !== undefined && { 'automatic renewal': autoRenewalField }),
  }
}

/** What says whether an opportunity or a contract counts, by what it is called. */
function filterFields(source: AgreementSource): Readonly<Record<string, string>> {
  if (source.from === 'contracts') return { status: 'Status' }
  return {
    stage: source.stages.length === 0 ? 'IsWon' : 'StageName',
    ...(source.types.length > 0 && { type: 'Type' }),
    ...(source.recordTypes.length > 0 && { 'record type': 'RecordTypeId' }),
  }
}

/**
 * Names of the fields of agreements that a connection needs and the org has not, or does not show to our user, by what
 * they tell. Read as missing they would blank what is known of every agreement.
 */
export function missingFields(
  source: AgreementSource,
  known: ReadonlyMap<string, unknown>,
): readonly { readonly what: string; readonly field: string }[] {
  return Object.entries({ ...agreementFields(source), ...filterFields(source) })
    .filter(([, field]) => !known.has(field))
    .map(([what, field]) => ({ what, field }))
}

type Fields = ReadonlyMap<string, Field>

async function fieldsOf(context: SalesforceContext, source: AgreementSource): Promise<Fields> {
  const object = AGREEMENT_OBJECT[source.from]
  const described = await context.describe(object)
  if (described === null || !described.queryable)
    throw new HoldfastError(
      'connector_configuration',
      `Agreements come from ${source.from}, but the user that Holdfast signs in with may not read them in Salesforce, or the org has none. Give this user "Read" on ${object}, or connect the org again with other renewals. No agreement was changed.`,
    )
  const [gone] = missingFields(source, described.fields)
  if (gone !== undefined)
    throw new HoldfastError(
      'column_missing',
      `The field "${gone.field}" of ${source.from}, which tells the ${gone.what} of agreements, is not in Salesforce any more, or field-level security hides it from the user that Holdfast signs in with. Restore it there, give this user "Read Access", or name another one in the settings of the connection. No agreement was changed.`,
      { retryable: true },
    )
  return described.fields
}

async function read(
  context: SalesforceContext,
  source: AgreementSource,
  fields: Fields,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Agreement[]>> {
  const currency = source.currencyField ?? (fields.has(CURRENCY) ? CURRENCY : null)
  const query = {
    fields: [
      'Id',
      'AccountId',
      ...Object.values(agreementFields(source)),
      ...(currency === null ? [] : [currency]),
    ],
    from: AGREEMENT_OBJECT[source.from],
    where: filterOf(source),
  }
  const belonging = await (context.config.object === 'Account'
    ? ofAccounts(context, query, ids)
    : ofContacts(context, query, source, ids))
  const home = await homeOf(context, source, fields, currency)
  return new Map(
    ids.map((id) => {
      const rows = new Map((belonging.get(id) ?? []).map((row) => [idIn(row, 'Id') ?? '', row]))
      const agreements = [...rows].map(([externalId, row]) => agreementOf(externalId, row, source, home))
      return [id, agreements.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1))]
    }),
  )
}

/** Salesforce's own field, which orgs of one currency do not have. */
const CURRENCY = 'CurrencyIsoCode'

function filterOf(source: AgreementSource): Condition | null {
  if (source.from === 'contracts')
    return source.statuses.length === 0 ? null : oneOf('Status', source.statuses)
  const { stages, types, recordTypes } = source
  return and(
    stages.length === 0 ? compare('IsWon', '=', true) : oneOf('StageName', stages),
    types.length === 0 ? null : oneOf('Type', types),
    recordTypes.length === 0 ? null : oneOf('RecordType.DeveloperName', recordTypes),
  )
}

interface Query {
  readonly fields: readonly string[]
  readonly from: string
  readonly where: Condition | null
}
type Belonging = ReadonlyMap<string, readonly Row[]>

async function ofAccounts(
  context: SalesforceContext,
  query: Query,
  ids: readonly string[],
): Promise<Belonging> {
  return groupedBy(await rowsOf(context, { ...query, by: 'AccountId', ids }), (row) => idIn(row, 'AccountId'))
}

/** A contact has those in which it plays a role, and the contracts that it signed. */
async function ofContacts(
  context: SalesforceContext,
  query: Query,
  source: AgreementSource,
  ids: readonly string[],
): Promise<Belonging> {
  const [role, key] =
    source.from === 'contracts'
      ? (['ContractContactRole', 'ContractId'] as const)
      : (['OpportunityContactRole', 'OpportunityId'] as const)
  const roles = (await present(context, role, ['ContactId', key]))?.length === 2
  const links = roles
    ? await rowsOf(context, { fields: ['ContactId', key], from: role, by: 'ContactId', ids })
    : []
  const played = await rowsOf(context, {
    ...query,
    by: 'Id',
    ids: links.flatMap((link) => idIn(link, key) ?? []),
  })
  const byId = new Map(played.map((row) => [idIn(row, 'Id'), row]))
  const pairs = links.flatMap((link) => {
    const row = byId.get(idIn(link, key))
    return row === undefined ? [] : [{ contact: idIn(link, 'ContactId'), row }]
  })
  const signer = source.from === 'contracts' && (await present(context, query.from, [SIGNER]))?.length === 1
  const signed = signer
    ? await rowsOf(context, { ...query, fields: [...query.fields, SIGNER], by: SIGNER, ids })
    : []
  const all = [...pairs, ...signed.map((row) => ({ contact: idIn(row, SIGNER), row }))]
  return new Map(
    [...groupedBy(all, ({ contact }) => contact)].map(([id, list]) => [id, list.map(({ row }) => row)]),
  )
}

const SIGNER = 'CustomerSignedId'

interface Home {
  /** Field with the currency of the record; null: all amounts are in the org's. */
  readonly currencyField: string | null
  readonly currency: string | null
  /** The day that a moment is on for the people of the org. */
  readonly day: (iso: string) => string
}

/**
 * Where records have a field for it, an empty one says nothing: the amount is then unknown, and not guessed. Dates are
 * dates; only a field of an org's own that keeps a moment needs the org's zone to tell its day.
 */
async function homeOf(
  context: SalesforceContext,
  source: AgreementSource,
  fields: Fields,
  currencyField: string | null,
): Promise<Home> {
  const moments = Object.values(agreementFields(source)).some((name) => fields.get(name)?.type === 'datetime')
  if (currencyField !== null && !moments)
    return { currencyField, currency: null, day: (iso) => iso.slice(0, 10) }
  const { currency, timeZone } = await orgOf(context)
  return { currencyField, currency: currency ?? context.config.currency ?? null, day: dayIn(timeZone) }
}

function agreementOf(externalId: string, row: Row, source: AgreementSource, home: Home): Agreement {
  const amount = textIn(row, source.amountField)
  const { periodMonths } = source
  const day = (name: string | undefined): string | null => dayOf(textIn(row, name), home)
  const renewalDate = day(source.renewalField)
  return {
    externalId,
    ...moneyOf(
      amount === null ? null : Number(amount),
      home.currencyField === null ? home.currency : textIn(row, home.currencyField),
    ),
    periodMonths:
      typeof periodMonths === 'number' ? periodMonths : readPeriod(textIn(row, periodMonths.field) ?? ''),
    startDate: day(source.startField),
    renewalDate,
    noticeDate: noticeOf(row, source.noticeField, renewalDate, home),
    autoRenewal: yesOrNo(textIn(row, source.autoRenewalField) ?? ''),
  }
}

function dayOf(text: string | null, { day }: Home): string | null {
  if (text === null) return null
  const at = readTime(text)
  return at === null ? (/^\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? null) : day(at.toISOString())
}

/**
 * A day, or how many days before the renewal: as a contract's own "Owner Expiration Notice" has it.
 *
 * @example
 * noticeOf({ OwnerExpirationNotice: '30' }, 'OwnerExpirationNotice', '2026-12-31', home) // '2026-12-01'
 */
function noticeOf(row: Row, field: string | undefined, renewal: string | null, home: Home): string | null {
  const text = textIn(row, field)
  if (text === null || !/^\d{1,4}(\.0+)?$/.test(text)) return dayOf(text, home)
  if (renewal === null) return null
  const at = new Date(`${renewal}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() - Number(text))
  return at.toISOString().slice(0, 10)
}
