/**
 * Records as HubSpot's answers have them. Whatever an answer lacks or writes in another way than documented is read as
 * well as can be: one odd record would otherwise hold up all the others.
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { hubSpotError, type HubSpotError } from './errors.ts'
import { isoTime } from './values.ts'

/** Values are texts; of anything else the JSON is kept, so that nothing is lost. */
const text = z
  .unknown()
  .optional()
  .transform((value): string | null =>
    value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value),
  )

/** ISO 8601, or milliseconds; null for what is neither. */
const time = z
  .unknown()
  .optional()
  .transform((said): Date | null => {
    const iso = typeof said === 'string' || typeof said === 'number' ? isoTime(String(said)) : null
    return iso === null ? null : new Date(iso)
  })

/** Of a record that does not say when: earlier than everything, so that nothing is taken to be newer. */
const when = time.transform((at) => at ?? new Date(0))

const past = z
  .array(z.object({ value: text, timestamp: time }).catch({ value: null, timestamp: null }))
  .catch([])
  // A value without its time stands nowhere.
  .transform((all) =>
    all.flatMap(({ value, timestamp }) => (timestamp === null ? [] : [{ value, timestamp }])),
  )

/** A record as HubSpot sends it: every value a text. */
export const record = z.object({
  id: z.union([z.string().min(1), z.number().transform(String)]),
  properties: z
    .record(z.string(), text)
    .nullish()
    .transform((all) => all ?? {}),
  propertiesWithHistory: z.record(z.string(), past).nullish().catch(null),
  createdAt: when,
  updatedAt: when,
  archivedAt: time,
})
export type RawRecord = z.infer<typeof record>

/** Where the next page is; nothing behind the last one. A cursor is a text, whatever it looks like. */
export const paging = z
  .object({ next: z.object({ after: z.coerce.string().nullish() }).nullish() })
  .nullish()
  .transform((said) => {
    const after = said?.next?.after
    return after === undefined || after === null || after === '' ? null : { next: { after } }
  })

/** What a 207 says of those that it does not answer for. */
export const whole = z.array(hubSpotError).nullish().catch(null)

/**
 * What is not there is passed over; anything else that was not answered for would be lost behind the cursor.
 *
 * @throws HoldfastError `connector_unavailable`, retryable
 */
export function passedOverOnly(object: string, errors: readonly HubSpotError[] | null | undefined): void {
  const other = errors?.find(
    ({ category, subCategory, status }) =>
      category !== 'OBJECT_NOT_FOUND' &&
      status !== '404' &&
      !/NO_ASSOCIATIONS_FOUND|NOT_FOUND|INVALID_OBJECT_IDS/.test(subCategory),
  )
  if (other === undefined) return
  throw new HoldfastError(
    'connector_unavailable',
    `HubSpot did not tell all of the ${object} that were asked for: ${other.message.replace(/\.$/, '') || other.category}. It is tried again.`,
    { retryable: true },
  )
}
