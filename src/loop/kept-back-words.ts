/** Why things wait or are not sent, by the code of the reason: for counts, and where nobody is to be named. */
import { reasonSentences } from '../../models/policy/masks.ts'

/** Beside those that decisions know as well, which have sentences of their own. */
const WORDS: Readonly<Record<string, string>> = {
  quiet_hours: 'outside of the hours of the recipient',
  zone_unknown: 'nobody can say what time it is there',
  cooldown: 'contacted too recently',
  contact_cap: 'contacted often enough',
  held: 'a person has to look first',
  urgent_ticket: 'an urgent ticket is open',
  sequence: 'somebody else writes to them just now',
  suppressed: 'they opted out, or their address does not work',
  no_consent: 'no consent is on record',
  consent_refused: 'they did not agree to it',
  no_address: 'there is no address',
  address_invalid: 'the address cannot be used',
  not_eligible: 'the rules of the action leave them out',
  not_on_test_list: 'they are not on the test list',
  customer_left: 'the customer has left',
  offer_pool_empty: 'no code is free',
  offer_requested: 'billing has not answered yet',
}

/**
 * @returns a clause; codes that are no one's words read as what they say
 * @example
 * keptBackWords('held') // 'a person has to look first'
 */
export function keptBackWords(code: string): string {
  const sentences: Readonly<Record<string, string>> = reasonSentences
  return WORDS[code] ?? sentences[code] ?? code.replaceAll('_', ' ')
}
