/** When something is tried again, with jitter, so that what failed together does not come back together. */

/** Attempts of one intervention until it is given up: about 16 hours. */
export const MAX_ATTEMPTS = 12

const FIRST_MS = 60_000
const LONGEST_MS = 4 * 3_600_000
const RECHECK_MS = 3_600_000

/**
 * After the n-th attempt: a minute, doubling up to four hours, each 0.5 to 1.5 times.
 *
 * @param attempt 1 for the first
 * @param chance uniform in [0, 1)
 * @example
 * retryMs(3, () => 0.5) // 240_000
 */
export function retryMs(attempt: number, chance: () => number = Math.random): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)) * (0.5 + chance())
}

/** Until something that waits for an admin is looked at again unless `releaseDeferred` wakes it. */
export function recheckMs(chance: () => number = Math.random): number {
  return RECHECK_MS * (0.5 + chance())
}

/**
 * Until the provider is asked again what became of a message: after an hour, six hours and a day, then never by
 * itself.
 *
 * @param ageMs since it began to be sent
 */
export function reconcileMs(ageMs: number): number {
  if (ageMs < 0.5 * RECHECK_MS) return RECHECK_MS
  if (ageMs < 6 * RECHECK_MS) return 6 * RECHECK_MS
  return ageMs < 24 * RECHECK_MS ? 24 * RECHECK_MS : NEVER_MS
}

/** Ten years. */
const NEVER_MS = 10 * 365 * 24 * 3_600_000

/**
 * Not the message's fault: every one would be refused until somebody corrects a setting, or in the CRM what is ours
 * there or who is responsible.
 */
export const FOR_ADMIN: ReadonlySet<string> = new Set([
  'smtp_auth',
  'smtp_tls',
  'smtp_sender_refused',
  'sms_auth',
  'sms_account',
  'sms_sender_refused',
  'sms_region_off',
  'sms_callback_refused',
  'unsubscribe_invalid',
  'connector_reconnect',
  'connector_configuration',
  'property_missing',
  'owner_unknown',
])

/**
 * Reasons for which something waits that other settings or secrets may end: whoever saves some has `releaseDeferred`
 * wake these, rather than wait for the next look.
 */
export const ENDED_BY_SETTINGS: readonly string[] = [
  'delivery_off',
  'not_configured',
  'template_invalid',
  'channel_configuration',
  'no_channel',
  'smtp_unreachable',
  'sms_unreachable',
  'quiet_hours',
  'zone_unknown',
  'cooldown',
  'contact_cap',
  'language',
  'offer_unfulfilled',
  'offer_pool_empty',
  ...FOR_ADMIN,
]
