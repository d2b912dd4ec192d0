/** What an admin set up in the org, as far as our user is shown it: its own licence, classes, history, change events. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { listed, type Found } from '../checking.ts'
import { sensitiveFields } from './classification.ts'
import type { SalesforceContext } from './context.ts'
import { isFailure } from './errors.ts'
import { PERMISSION_SETS } from './package.ts'
import { rowsOf, type Row } from './rows.ts'
import { compare, select } from './soql.ts'

/** As Salesforce sells it, for users that only the API signs in as. */
const LICENCE = 'Salesforce Integration'

export async function checkUser(context: SalesforceContext): Promise<Found> {
  const { id, username } = await context.client.user()
  try {
    const [row] = await rowsOf(context, {
      fields: ['Profile.Name', 'Profile.UserLicense.Name'],
      from: 'User',
      by: 'Id',
      ids: [id],
    })
    const profile = nested(row, 'Profile', 'Name')
    const licence = nested(row, 'Profile', 'UserLicense', 'Name')
    if (licence === null) return { status: 'off', message: 'Its licence cannot be seen.' }
    if (licence === LICENCE) return { status: 'ok', message: `${username} has the licence "${LICENCE}".` }
    const wide = profile === 'System Administrator'
    return {
      status: wide ? 'warning' : 'ok',
      message: `${username} has the licence "${licence}"${profile === null ? '' : ` and the profile "${profile}"`}. That works, but ${wide ? 'Holdfast may then do far more than it needs, and ' : ''}a user of its own with the licence "${LICENCE}", the profile "Minimum Access - API Only Integrations" and the permission set "${PERMISSION_SETS.integration.label}" takes no seat and may do only what is needed.`,
    }
  } catch (error) {
    if (!isFailure(error, ...HIDDEN)) throw error
    return { status: 'off', message: 'Its licence and profile are not shown to it.' }
  }
}

export async function checkSensitive(context: SalesforceContext): Promise<Found> {
  const { object, sensitive: allowed } = context.config
  const found = await sensitiveFields(context, object)
  if (found === null)
    return {
      status: 'warning',
      message: `How the fields of ${object} are classified is not shown to our user, so none counts as sensitive. Give the user "View Setup and Configuration", or map no field that should not be read.`,
    }
  const left = [...found].filter((name) => !allowed.includes(name))
  if (left.length === 0)
    return { status: 'ok', message: 'No field is classified as sensitive that was not allowed.' }
  return {
    status: 'ok',
    message: `${listed(left)} of ${object} ${left.length === 1 ? 'is' : 'are'} classified as sensitive and left out.`,
  }
}

const tracked = z.object({
  records: z.array(
    z.object({ QualifiedApiName: z.string(), IsFieldHistoryTracked: z.boolean().nullish().catch(null) }),
  ),
})

export async function checkHistory(context: SalesforceContext, wanted: readonly string[]): Promise<Found> {
  const { object } = context.config
  if (wanted.length === 0) return { status: 'off', message: 'No mapping is in force yet that looks back.' }
  const history = `${object}History`
  if ((await context.describe(history)) === null)
    return {
      status: 'warning',
      message: `Salesforce keeps no history of ${object} fields, or does not show it to our user. What looks back on ${listed(wanted)} knows only what Holdfast itself has seen. Track these fields in Setup > Object Manager > ${object} > Set History Tracking.`,
    }
  const soql = select({
    fields: ['QualifiedApiName', 'IsFieldHistoryTracked'],
    from: 'FieldDefinition',
    where: compare('EntityDefinition.QualifiedApiName', '=', object),
  })
  const rows = await tooling(context, soql, tracked)
  if (rows === null) return { status: 'off', message: 'Which fields are tracked is not shown to our user.' }
  const kept = new Set(
    rows.records.filter((one) => one.IsFieldHistoryTracked === true).map((one) => one.QualifiedApiName),
  )
  const untracked = wanted.filter((name) => !kept.has(name))
  if (untracked.length === 0)
    return { status: 'ok', message: `All ${wanted.length} fields that are looked back on are tracked.` }
  const some = `${wanted.length - untracked.length} of ${wanted.length} fields that are looked back on are tracked. Of ${listed(untracked)} Holdfast knows only what it has seen itself`
  const track = `Track those that change in Setup > Object Manager > ${object} > Set History Tracking; that works from then on.`
  // An org tracks 20 fields of an object at most: that some are not is nothing to mend.
  return { status: untracked.length < wanted.length ? 'ok' : 'warning', message: `${some}. ${track}` }
}

const members = z.object({ records: z.array(z.object({ SelectedEntity: z.string().nullish().catch(null) })) })

export async function checkEvents(context: SalesforceContext): Promise<Found> {
  const { object, events } = context.config
  if (!events)
    return { status: 'off', message: 'They are not followed, by choice. Changes are found within minutes.' }
  // 'ChangeEvents' is the channel of what is selected in Setup > Change Data Capture.
  const soql = select({
    fields: ['SelectedEntity'],
    from: 'PlatformEventChannelMember',
    where: compare('EventChannel', '=', 'ChangeEvents'),
  })
  const selected = await tooling(context, soql, members)
  if (selected === null)
    return {
      status: 'off',
      message: 'Which are selected is not shown to our user. Without them changes are found within minutes.',
    }
  const entities = selected.records.map(({ SelectedEntity }) => SelectedEntity ?? '')
  return entities.includes(`${object}ChangeEvent`)
    ? { status: 'ok', message: `Those of ${object} are selected, so changes are found within seconds.` }
    : {
        status: 'off',
        message: `Those of ${object} are not selected, so changes are found within minutes. Select ${object} in Setup > Change Data Capture to have them within seconds.`,
      }
}

/** Refusals that only say that our user may not see something. */
export const HIDDEN = [
  'INVALID_FIELD',
  'INVALID_TYPE',
  'INSUFFICIENT_ACCESS',
  'NOT_FOUND',
  'FORBIDDEN',
] as const

/** A query of what an admin set up; null where our user may not see it. */
async function tooling<T>(
  { client }: SalesforceContext,
  soql: string,
  schema: z.ZodType<T>,
): Promise<T | null> {
  try {
    const { body } = await client.call({ method: 'GET', path: '/tooling/query', query: { q: soql }, schema })
    return body
  } catch (error) {
    if (error instanceof HoldfastError && isFailure(error, ...HIDDEN)) return null
    throw error
  }
}

function nested(row: Row | undefined, ...path: readonly string[]): string | null {
  let at: unknown = row
  for (const name of path) at = typeof at === 'object' && at !== null ? (at as Row)[name] : null
  return typeof at === 'string' && at !== '' ? at : null
}
