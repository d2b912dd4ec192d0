/** An answer in JSON, as every CRM gives it, held against what it has to look like. */
import type { z } from 'zod'
import { HoldfastError } from '../src/contracts/errors.ts'

/**
 * @param text as it came; of an empty one `undefined` is parsed
 * @param of.crm "HubSpot"
 * @param of.call "GET /crm/owners/2026-09", without ids
 * @throws HoldfastError `connector_unavailable`: retryable for nothing and for what is no JSON, and not for what is another than documented
 * @example
 * readAnswer('{"id": 7}', z.object({ id: z.number() }), { crm: 'HubSpot', call: 'GET /crm/owners/2026-09' }) // { id: 7 }
 */
export function readAnswer<T>(
  text: string,
  schema: z.ZodType<T>,
  { crm, call }: { readonly crm: string; readonly call: string },
): T {
  const result = schema.safeParse(jsonIn(text, crm, call))
  if (result.success) return result.data
  if (text.trim() === '')
    throw new HoldfastError(
      'connector_unavailable',
      `${crm} answered ${call} with nothing. It is tried again.`,
      {
        cause: result.error,
        retryable: true,
      },
    )
  const [issue] = result.error.issues
  throw new HoldfastError(
    'connector_unavailable',
    `${crm}'s answer to ${call} is not as documented, at ${issue.path.join('.') || 'its root'}: ${issue.message}. Update Holdfast, or report it if this is the newest version.`,
    { cause: result.error },
  )
}

function jsonIn(text: string, crm: string, call: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HoldfastError(
      'connector_unavailable',
      `${crm} answered ${call} with something that is not JSON: "${text.trim().slice(0, 80)}". A page about maintenance, or of a proxy in between, may have come instead; it is tried again.`,
      { cause, retryable: true },
    )
  }
}
