/** From an action and a person to the text that she is sent, or would be: previews use the same function. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { SmsMessage } from '../channel.ts'
import { parsePhone } from './phone.ts'
import { segmentsOf } from './segments.ts'
import { wordSms, type Wording } from './wording.ts'

export interface SmsInput extends Wording {
  /** `phone` as the CRM has it; `country` ISO 3166-1 alpha-2, the recipient's own. */
  readonly recipient: {
    readonly name: string | null
    readonly phone: string
    readonly country: string | null
  }
}

/**
 * @throws HoldfastError `template_invalid` naming template, line and what is wrong, or that no language fits;
 *   `channel_configuration` when the company has no name; `request_invalid` when the number is none
 * @example
 * composeSms({ action: 'sms', language: 'de-AT', recipient: { name: 'Ana', phone: '0664 1234567', country: 'AT' }, … }).segments // 1
 */
export function composeSms(input: SmsInput): SmsMessage {
  const phone = parsePhone(input.recipient.phone, input.recipient.country)
  if ('problem' in phone) throw new HoldfastError('request_invalid', phone.problem)
  const { language, text } = wordSms(input)
  const { segments, encoding } = segmentsOf(text)
  return { kind: 'sms', to: phone.e164, text, language, segments, encoding }
}
