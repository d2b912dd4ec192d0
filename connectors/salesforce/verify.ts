/** What a connection to Salesforce is checked for; it only reads. */
import { z } from 'zod'
import type { Check } from '../../src/contracts/checks.ts'
import { comparedCounts, count, guarded, listed, type Found } from '../checking.ts'
import { openContext, type SalesforceContext } from './context.ts'
import { isFailure } from './errors.ts'
import { id18 } from './ids.ts'
import { orgOf } from './org.ts'
import { countRecords } from './population.ts'
import { provision } from './provision.ts'
import { readableOf } from './readable.ts'
import { urgently } from './urgent.ts'
import { checkAgreements, checkConsent, checkRecipients, checkResponsible } from './verify-people.ts'
import { checkEvents, checkHistory, checkSensitive, checkUser, HIDDEN } from './verify-setup.ts'

/** What the org may be compared with. */
export interface VerifyKnown {
  /** Names of the fields that the mapping reads; default none are known. */
  readonly mapped?: readonly string[]
  /** Those whose past values are wanted; default: all that are mapped. */
  readonly history?: readonly string[]
  /** Who counts as a customer, as it stands after WHERE; null: everybody, or told by the fields. */
  readonly condition?: string | null
  /** Records of this connection that Holdfast holds; null unknown. */
  readonly stored?: number | null
}

/**
 * Sign-in and user, the package and what our user may write of it, the fields that the mapping reads, agreements,
 * people, consent, calls left, records, change events.
 *
 * @example
 * await verify(context) // [{ name: 'Salesforce org', status: 'ok', message: 'Org 00D… accepts our sign-in …' }, …]
 */
export async function verify(given: SalesforceContext, known: VerifyKnown = {}): Promise<readonly Check[]> {
  const { client, config, memory, clock } = given
  memory.forget()
  // Somebody wants to know why nothing is read: that must not be for want of calls, while there are any.
  const context = openContext({ client: urgently(client), config, memory, clock })
  const org = await guarded('Salesforce org', () => checkOrg(context))
  // Without a sign-in everything else would only fail the same way.
  if (org.status === 'failed') return [org]
  const checks: [string, () => Promise<Found>][] = [
    ['User of Holdfast', () => checkUser(context)],
    ['Fields of Holdfast', () => checkOurs(context)],
    ['Mapped fields', () => checkMapped(context, known.mapped ?? [])],
    ['Sensitive fields', () => checkSensitive(context)],
    ['Field history', () => checkHistory(context, known.history ?? known.mapped ?? [])],
    ['Agreements', () => checkAgreements(context)],
    ['Responsible', () => checkResponsible(context)],
    ['Recipients', () => checkRecipients(context)],
    ['Consent', () => checkConsent(context)],
    ['Calls left today', () => checkQuota(context)],
    ['Records', () => checkRecords(context, known)],
    ['Change events', () => checkEvents(context)],
  ]
  const found = [org]
  for (const [name, check] of checks) found.push(await guarded(name, check))
  return found
}

async function checkOrg(context: SalesforceContext): Promise<Found> {
  const { client, config } = context
  const { org: here, username } = await client.user()
  if (here !== id18(config.org))
    return {
      status: 'failed',
      message: `The sign-in belongs to org ${here}, but this connection is to org ${config.org}. Connect the org anew; nothing is read or written until then.`,
    }
  const { name, edition, currency, multiCurrency, timeZone, sandbox } = await orgOf(context)
  const money = multiCurrency
    ? `several currencies, ${currency ?? 'none'} first`
    : (currency ?? 'no currency told')
  const kind = [edition, money, timeZone].filter((part) => part !== null).join(', ')
  const note = sandbox
    ? ' It is a sandbox or scratch org: risk is written there, and nobody is sent anything because of it.'
    : ''
  return {
    status: 'ok',
    message: `Org ${here} "${name}" (${kind}) accepts our sign-in as ${username}.${note}`,
  }
}

async function checkOurs(context: SalesforceContext): Promise<Found> {
  const { problems } = await provision(context)
  if (problems.length === 0) return { status: 'ok', message: 'All of them are there and can be written.' }
  return { status: 'failed', message: problems.join(' ') }
}

async function checkMapped(context: SalesforceContext, mapped: readonly string[]): Promise<Found> {
  if (mapped.length === 0) return { status: 'off', message: 'No mapping is in force yet.' }
  const { object } = context.config
  const { fields, withheld } = await readableOf(context, object)
  const missing = mapped.filter((name) => !fields.has(name))
  if (missing.length === 0) return { status: 'ok', message: `All ${mapped.length} that are read are there.` }
  const sensitive = missing.filter((name) => withheld.has(name))
  const why =
    sensitive.length === missing.length
      ? 'marked as sensitive in Setup > Data Classification and not allowed. Allow what may be read with --sensitive, or map another field.'
      : 'deleted, renamed, or hidden from our user by field-level security. Restore what is gone, give the user "Read Access", or map another field.'
  return {
    status: 'failed',
    message: `${listed(missing)} of ${object} ${missing.length === 1 ? 'is' : 'are'} read by the mapping, but Holdfast cannot read ${missing.length === 1 ? 'it' : 'them'}: ${why}`,
  }
}

const limits = z.object({
  DailyApiRequests: z.object({ Max: z.number(), Remaining: z.number() }).optional(),
})

/** Above the reserve, fewer calls left than this share of the day's are worth a warning. */
const SCARCE = 0.1

async function checkQuota(context: SalesforceContext): Promise<Found> {
  const { client, config } = context
  const daily = await client
    .call({ method: 'GET', path: '/limits', schema: limits })
    .then(({ body }) => body.DailyApiRequests)
    .catch((error: unknown) => {
      if (isFailure(error, ...HIDDEN)) return undefined
      throw error
    })
  const seen = client.usage()
  const max = daily?.Max ?? seen?.max ?? null
  const left = daily?.Remaining ?? (seen === null ? null : seen.max - seen.used)
  if (max === null || left === null)
    return { status: 'off', message: 'Salesforce does not tell our user how many are left.' }
  const reserve = Math.round(max * config.reserve)
  const says = `${count(left)} of ${count(max)} calls of the last 24 hours are left; all tools of the org share them, and Holdfast leaves ${count(reserve)} of them alone.`
  const used = { many: max - left, of: max, until: null }
  if (left <= 0)
    return {
      used,
      status: 'failed',
      message: `${says} Nothing is read or written before some fall out of the count.`,
    }
  if (left < reserve)
    return {
      used,
      status: 'warning',
      message: `${says} It reads nothing before there are more; only tasks and consent are still written. Find out which tool takes so many (Setup > System Overview > API Usage), or lower the reserve.`,
    }
  return { used, status: left < reserve + SCARCE * max ? 'warning' : 'ok', message: says }
}

async function checkRecords(
  context: SalesforceContext,
  { condition = null, stored = null }: VerifyKnown,
): Promise<Found> {
  const { object } = context.config
  const there = await countRecords(context, object, condition)
  const what = `Salesforce has ${count(there)} ${object} records${condition === null ? '' : ' that count as customers'}`
  if (there === 0)
    return {
      status: 'warning',
      message: `${what} that our user may see. Check that records are shared with it ("View All" on ${object})${condition === null ? '' : ', and the condition that says who is a customer'}.`,
    }
  return comparedCounts(there, stored, what)
}
