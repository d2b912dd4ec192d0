/** Whose token the Webhooks Journal is read with: the app's own, which is for all accounts and in none of them. */
import type { Clock } from '../../src/contracts/clock.ts'
import { appToken, type HubSpotApp } from './oauth.ts'
import type { TokenSource } from './tokens.ts'

/**
 * Asked for with the token, and in no consent of an account: those of the journal, and those of the objects that are subscribed to.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide
 */
export const JOURNAL_SCOPES = [
  'developer.webhooks_journal.read',
  'developer.webhooks_journal.subscriptions.read',
  'developer.webhooks_journal.subscriptions.write',
  'crm.objects.companies.read',
  'crm.objects.contacts.read',
  'crm.objects.deals.read',
] as const

/** Before it runs out, it is a new one already. */
const MARGIN_MS = 60_000

/**
 * Kept in memory until it runs out: every process asks for its own.
 *
 * @example
 * const client = openHubSpotClient({ tokens: appTokens({ ...app, clock }), portal: '', … })
 */
export function appTokens(options: HubSpotApp & { readonly clock: Clock }): TokenSource {
  const { clock } = options
  let asked: Promise<{ readonly accessToken: string; readonly until: number }> | null = null

  function ask(): NonNullable<typeof asked> {
    const asking = appToken({ ...options, scopes: JOURNAL_SCOPES }).then(({ accessToken, expiresAt }) => ({
      accessToken,
      until: Date.parse(expiresAt) - MARGIN_MS,
    }))
    asked = asking
    asking.catch(() => {
      if (asked === asking) asked = null
    })
    return asking
  }

  return {
    async current() {
      const known = await (asked ?? ask())
      return (clock().getTime() < known.until ? known : await ask()).accessToken
    },
    async renewed(refused) {
      const known = await (asked ?? ask())
      return (known.accessToken === refused ? await ask() : known).accessToken
    },
  }
}
