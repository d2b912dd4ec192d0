/** What HubSpot refused, in the words of the results that the loop stores and an admin reads. */
import type { WriteResult } from '../connector.ts'
import type { Fault, Refusal } from './batch.ts'

/** "company 4711", "the task for company 4711": the thing that was not written. */
export interface RefusedThing {
  /** Of the result. */
  readonly id: string
  readonly what: string
}

/**
 * @example
 * failed({ id: '12', what: 'company 12' }, refusal).message
 * // 'HubSpot does not know company 12 any more: it was deleted, or merged into another one. The next sync takes that up.'
 */
export function failed({ id, what }: RefusedThing, refusal: Refusal): WriteResult {
  const { code, message } = worded(what, refusal)
  return { id, ok: false, code, message, retryable: refusal.retryable }
}

/** Rules of the account that a record breaks, not our values. */
const REQUIRED: ReadonlySet<string> = new Set([
  'MISSING_REQUIRED_PROPERTY',
  'MISSING_REQUIRED_PROPERTIES',
  'MISSING_CONDITIONAL_REQUIRED_PROPERTY',
  'MISSING_CONDITIONAL_REQUIRED_PROPERTIES',
])

function worded(what: string, refusal: Refusal): { readonly code: string; readonly message: string } {
  const { category, message, faults, gone, retryable } = refusal
  if (category === 'NO_ANSWER') return { code: 'no_answer', message }
  if (category === 'NOT_TRIED') return { code: 'not_tried', message }
  if (category.startsWith('connector_')) return { code: category, message }
  if (gone)
    return {
      code: 'record_gone',
      message: `HubSpot does not know ${what} any more: it was deleted, or merged into another one. The next sync takes that up.`,
    }
  const required = faults.filter(({ code }) => REQUIRED.has(code))
  if (required.length > 0) {
    const names = [...new Set(required.map(({ property }) => property).filter((name) => name !== null))]
    const which = names.length === 0 ? 'a property' : names.map((name) => `"${name}"`).join(', ')
    return {
      code: 'required_property_missing',
      message: `HubSpot refused to write ${what}: a rule of the account requires ${which} there (${required[0].code}). Fill it in on the record, or change the rule in HubSpot (Settings > Properties).`,
    }
  }
  const [fault] = faults
  if (fault?.code === 'INVALID_OPTION')
    return {
      code: 'invalid_option',
      message: `HubSpot refused to write ${what}: ${quoted(fault)} has no such choice${said(fault.message)} Add it in HubSpot (Settings > Properties).`,
    }
  if (fault?.code === 'PROPERTY_DOESNT_EXIST')
    return {
      code: 'property_missing',
      message: `HubSpot refused to write ${what}: ${quoted(fault)} is not there. Set Holdfast up again, so that it is made.`,
    }
  if (fault?.code === 'INVALID_OWNER_ID')
    return {
      code: 'owner_unknown',
      message: `HubSpot refused to write ${what}: the user it is assigned to is no longer active there (${fault.message}). Give the record another owner.`,
    }
  return {
    code: retryable ? 'refused_for_now' : 'refused',
    message: `HubSpot refused to write ${what}${said(message)}`,
  }
}

function quoted({ property }: Fault): string {
  return property === null ? 'a property' : `the property "${property}"`
}

/** ": what it said." or "." */
function said(message: string): string {
  if (message === '') return '.'
  return `: ${message}${/[.!?…]$/.test(message) ? '' : '.'}`
}
