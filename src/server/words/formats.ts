/** Numbers, money, times and actions as the server writes them into sentences. */
import { nameOfAction } from '../../../actions/catalogue.ts'
import { plainFormats, type PlainFormats } from '../../admin/words/formats.ts'

export interface Formats extends PlainFormats {
  /** An action by its key as the admin named it. */
  action(key: string): string
}

/**
 * @param about.zone IANA; instants are shown in it
 * @param about.action names of actions; default: those of what ships
 * @example
 * formatsFor({ now: clock(), zone: 'UTC' }).money(512, 'EUR') // '€5.12'
 */
export function formatsFor({
  now,
  zone,
  action = nameOfAction,
}: {
  now: Date
  zone: string
  action?: (key: string) => string
}): Formats {
  return { ...plainFormats({ now, zone }), action }
}
