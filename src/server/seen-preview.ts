/**
 * That somebody saw a preview, and what it said: a signed word that the preview hands out and the activation takes back, so
 * that actions are turned on by whoever has just seen what that means, under the settings that it was made with.
 */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { BookPreview } from '../loop/preview-tally.ts'
import { signLink, verifyLink } from '../security/signed-link.ts'

/** What a preview came to, as the audit log keeps it. */
export type SeenPreview = z.infer<typeof seenShape>

const seenShape = z.object({
  tenant: z.string(),
  at: z.iso.datetime(),
  book: z.enum(['whole', 'today']),
  settingsVersion: z.int(),
  customers: z.int(),
  send: z.int(),
  approval: z.int(),
  plannedCostMinor: z.int(),
  currency: z.string(),
})

/** How long what was seen counts. */
const FRESH_MS = 60 * 60_000

/**
 * @param key the tenant's, of `Secrets.linkKey`
 * @example
 * const seen = signPreview(key, tenant, preview)
 */
export function signPreview(key: Buffer, tenant: TenantId, preview: BookPreview): string {
  const { at, book, settingsVersion, customers, plannedCostMinor, currency, actions } = preview
  const would = (what: 'send' | 'approval'): number => actions.reduce((sum, one) => sum + one.would[what], 0)
  const seen: SeenPreview = {
    tenant,
    at: at.toISOString(),
    book,
    settingsVersion,
    customers,
    send: would('send'),
    approval: would('approval'),
    plannedCostMinor,
    currency,
  }
  return signLink(key, JSON.stringify(seen))
}

/**
 * @throws HoldfastError `precondition_failed` when it is none of ours, too old, or of other settings
 */
export function seenPreview(
  key: Buffer,
  word: string,
  now: { readonly tenant: TenantId; readonly at: Date; readonly settingsVersion: number },
): SeenPreview {
  const payload = verifyLink(key, word)
  const parsed = seenShape.safeParse(payload === null ? null : JSON.parse(payload))
  const again = 'Look at the preview again: POST /v1/preview.'
  if (!parsed.success || parsed.data.tenant !== now.tenant)
    throw new HoldfastError(
      'precondition_failed',
      `This is not the word of a preview of this company. ${again}`,
    )
  const seen = parsed.data
  if (seen.settingsVersion !== now.settingsVersion)
    throw new HoldfastError(
      'precondition_failed',
      `The settings changed since the preview was made. ${again}`,
    )
  if (now.at.getTime() - Date.parse(seen.at) > FRESH_MS)
    throw new HoldfastError('precondition_failed', `The preview is more than an hour old. ${again}`)
  return seen
}
