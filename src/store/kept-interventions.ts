/** What keeps messages from leaving, for people who have to mend it. */
import type { Transaction } from './database.ts'

export interface KeptInterventions {
  readonly state: string
  /** As a sentence: what happened, and what to do. */
  readonly reason: string
  readonly interventions: number
}

/** What a person put off or a rule forbids for now is as it should be. */
const AS_MEANT = [
  'installation_paused',
  'tenant_paused',
  'action_paused',
  'channel_paused',
  'delivery_off',
  'quiet_hours',
  'cooldown',
  'contact_cap',
]

/**
 * Those put off, refused or uncertain, and those whose recipient has no address, of the last month; by reason, most
 * frequent first, ten at most.
 *
 * @example
 * await keptInterventions(tx) // [{ state: 'deferred', reason: 'mail.acme.example cannot be reached…', interventions: 3 }]
 */
export function keptInterventions(tx: Transaction): Promise<readonly KeptInterventions[]> {
  return tx.query<KeptInterventions>(
    `select state, max(reason) as reason, count(*)::integer as interventions from interventions
     where tenant_id = $1 and reason is not null and updated_at > now() - interval '1 month'
       and (state in ('rejected', 'uncertain') or state = 'deferred' and reason_code <> all ($2::text[])
         or state = 'suppressed' and reason_code in ('no_address', 'address_invalid'))
     group by state, reason_code order by interventions desc, state limit 10`,
    [tx.tenant, AS_MEANT],
  )
}
