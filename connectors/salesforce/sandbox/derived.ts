/** What Salesforce works out by itself of what a record says. */
import type { Value } from './field.ts'
import type { Values } from './entries.ts'

/** Reads any record; null: not there. */
export type Lookup = (type: string, id: string) => ((field: string) => Value) | null

const fullName = (get: (field: string) => Value): string =>
  [get('FirstName'), get('LastName')].filter((part) => part !== null && part !== '').join(' ')

const STATUS_CODES: Readonly<Record<string, string>> = {
  Draft: 'Draft',
  'In Approval Process': 'InApproval',
  Activated: 'Activated',
  Terminated: 'Terminated',
  Expired: 'Expired',
}

/** The day before, so many months later; a month that is shorter ends it. */
export function contractEnd(start: string, months: number): string {
  const [year, month, day] = start.split('-').map(Number)
  const target = new Date(Date.UTC(year, month - 1 + months, 1))
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate()
  target.setUTCDate(Math.min(day, last))
  return new Date(target.getTime() - 86_400_000).toISOString().slice(0, 10)
}

/**
 * @param given what is written now
 * @param get the record as it will be
 * @param stage by name, the stage as the org has it: `IsClosed`, `IsWon`, `DefaultProbability`, `ForecastCategoryName`
 */
export function derived(
  type: string,
  given: Values,
  get: (field: string) => Value,
  lookup: Lookup,
  stage: (name: string) => ((field: string) => Value) | null,
  now: string,
): Values {
  switch (type) {
    case 'Contact':
    case 'User':
    case 'Individual':
      return 'FirstName' in given || 'LastName' in given ? { Name: fullName(get) } : {}
    case 'Account':
      return get('IsPersonAccount') === true && ('FirstName' in given || 'LastName' in given)
        ? { Name: fullName(get) }
        : {}
    case 'Opportunity':
      return opportunity(given, get, stage)
    case 'Contract': {
      const start = get('StartDate')
      const months = get('ContractTerm')
      const status = get('Status')
      return {
        EndDate: typeof start === 'string' && typeof months === 'number' ? contractEnd(start, months) : null,
        StatusCode: STATUS_CODES[String(status)] ?? 'Draft',
        ...(status === 'Activated' && get('ActivatedDate') === null ? { ActivatedDate: now } : {}),
      }
    }
    case 'Case': {
      const closed = get('Status') === 'Closed'
      return { IsClosed: closed, ClosedDate: closed ? (get('ClosedDate') ?? now) : null }
    }
    case 'Task': {
      const closed = get('Status') === 'Completed'
      return {
        IsClosed: closed,
        IsHighPriority: get('Priority') === 'High',
        CompletedDateTime: closed ? (get('CompletedDateTime') ?? now) : null,
        ...activityAccount(get, lookup),
      }
    }
    case 'Event':
      return activityAccount(get, lookup)
    default:
      return {}
  }
}

function opportunity(
  given: Values,
  get: (field: string) => Value,
  stage: (name: string) => ((field: string) => Value) | null,
): Values {
  const values: Record<string, Value> = {}
  if ('StageName' in given) {
    const of = stage(String(given.StageName))
    values.IsClosed = of?.('IsClosed') ?? false
    values.IsWon = of?.('IsWon') ?? false
    if (!('Probability' in given)) values.Probability = of?.('DefaultProbability') ?? null
    if (!('ForecastCategoryName' in given)) values.ForecastCategoryName = of?.('ForecastCategoryName') ?? null
  }
  const amount = get('Amount')
  const probability = values.Probability ?? get('Probability')
  values.ExpectedRevenue =
    typeof amount === 'number' && typeof probability === 'number' ? (amount * probability) / 100 : null
  const close = get('CloseDate')
  if (typeof close === 'string') {
    values.FiscalYear = Number(close.slice(0, 4))
    values.FiscalQuarter = Math.ceil(Number(close.slice(5, 7)) / 3)
  }
  return values
}

/** The account of what an activity is about: of the person accounts too, whose contact it names. */
function activityAccount(get: (field: string) => Value, lookup: Lookup): Values {
  const what = get('WhatId')
  if (typeof what === 'string') {
    if (what.startsWith('001')) return { AccountId: what }
    const type = { '006': 'Opportunity', '800': 'Contract', '500': 'Case' }[what.slice(0, 3)]
    const account = type ? lookup(type, what)?.('AccountId') : null
    if (account) return { AccountId: account }
  }
  const who = get('WhoId')
  if (typeof who !== 'string') return { AccountId: null }
  return { AccountId: lookup('Contact', who)?.('AccountId') ?? null }
}
