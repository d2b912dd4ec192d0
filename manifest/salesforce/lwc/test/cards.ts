/** Cards, lists and settings as the service writes them for Salesforce: those of HubSpot's tests, of which the names are other ones. */
import * as cards from '../../../hubspot/extensions/test/cards.ts'
import * as lists from '../../../hubspot/extensions/test/lists.ts'
import type { CardSettingsSaved } from '../../../../src/contracts/record-card.ts'

const IDS: Readonly<Record<string, string>> = {
  '512': '001Hp00000000512AA',
  '77': '001Hp00000000077AA',
  '90': '001Hp00000000090AA',
}

/** The same in the words of Salesforce. */
function here<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll('HubSpot', 'Salesforce')
    .replaceAll('companies', 'accounts')
    .replaceAll('lifecycle stage is lead', 'type is Prospect')
    .replaceAll('of this account', 'of this org')
    .replaceAll('"objectTypeId":"0-2"', '"objectTypeId":"Account"')
    .replaceAll(/"objectId":"(\d+)"/g, (_found, id: string) => `"objectId":"${IDS[id]}"`)
  return JSON.parse(text) as T
}

export const RECORD = IDS['512']
export const scored = here(cards.scored)
export const mailing = here(cards.mailing)
export const unscored = here(cards.unscored)
export const heldOut = here(cards.heldOut)
export const partial = here(cards.partial)
export const approved = here(cards.approved)
export const mine = here(lists.mine)
export const mineAfter = here(lists.mineAfter)
export const nobody = here(lists.nobody)
export const settings = here(lists.settings)
export const saved = (change: Partial<CardSettingsSaved> = {}): CardSettingsSaved =>
  here(lists.saved({ settings: { ...settings, version: 8 }, ...change }))

/** What the package's own settings are when it was just deployed. */
export const setup = { enabled: true, timeoutSeconds: 10, mayChange: true }
