/** Everything that is held of a person, as one value: JSON for programs, and what a readable page is made of. */
import type { AgeSetting, RetentionSettings } from '../settings/retention.ts'
import type { Transaction } from '../store/database.ts'
import { readHeld } from '../store/people/held.ts'
import { OTHER_PLACES, type Kept } from '../store/people/places.ts'
import type { Subject } from '../store/people/subject.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { readTenant } from '../store/tenants.ts'
import type { PersonFile } from '../report/person-page.ts'

/**
 * @param askedFor as the person was asked for
 * @example
 * const file = await personFile(tx, subject, { askedFor: 'ann@example.com', now: clock() })
 * file.parts.find(({ name }) => name === 'recipients')?.rows
 */
export async function personFile(
  tx: Transaction,
  subject: Subject,
  { askedFor, now }: { readonly askedFor: string; readonly now: Date },
): Promise<PersonFile> {
  const { settings } = await currentSettings(tx)
  const { name: company } = await readTenant(tx, tx.tenant!)
  const held = await readHeld(tx, subject)
  const parts = held.map(({ place: { name, title, kept }, rows }) => {
    return { name, title, kept: keptWords(kept, settings.retention), rows }
  })
  return {
    company,
    madeAt: now.toISOString(),
    askedFor,
    parts,
    nothingIn: OTHER_PLACES.map(({ table, nothing }) => ({ table, because: nothing })),
  }
}

/** From when its days are counted. */
const COUNTED: Readonly<Record<AgeSetting, (days: number) => string>> = {
  scoreHistory: (days) => `Kept for ${days} days.`,
  propertyChanges: (days) => `Kept one by one for ${days} days, then as what was so by then.`,
  customersLeft: (days) => `Kept while they are a customer, and for ${days} days after they left.`,
  messages: (days) => `Texts and addresses are kept for ${days} days.`,
  auditLog: (days) => `Kept for ${days} days.`,
  sessions: (days) => `Kept for ${days} days after it ended.`,
  webhookReceipts: (days) => `Kept for ${days} days.`,
  keptAnswers: (days) => `Kept for ${days} days.`,
  notices: (days) => `Kept for ${days} days.`,
  exports: (days) => `Kept for ${days} days.`,
}

/**
 * For how long something is kept, in a sentence.
 *
 * @example
 * keptWords({ setting: 'messages' }, settings.retention) // 'Texts and addresses are kept for 365 days.'
 */
export function keptWords(kept: Kept, settings: RetentionSettings): string {
  if ('because' in kept) return kept.because
  const days = settings[kept.setting]
  return days === null ? 'Kept for good, as the settings say.' : COUNTED[kept.setting](days)
}
