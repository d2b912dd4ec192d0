/** Orgs differ: what one does not have, or does not show to our user, is never asked for. */
import type { SalesforceContext } from './context.ts'

/**
 * @returns those of the fields that the object has and our user may read, in the order given; null where there is no
 *   such object for our user
 * @example
 * await present(context, 'Contact', ['Id', 'Email', 'MailingCountryCode']) // ['Id', 'Email']
 */
export async function present(
  context: Pick<SalesforceContext, 'describe'>,
  object: string,
  fields: readonly string[],
): Promise<readonly string[] | null> {
  const known = await context.describe(object)
  return known === null ? null : fields.filter((name) => known.fields.has(name))
}
