/** What a person may say to a suggestion on the record, and why it is not right. A leaf: the pages know it too. */

export const REP_ANSWERS = ['approve', 'snooze', 'not_right'] as const
export type RepAnswer = (typeof REP_ANSWERS)[number]

/** Why a suggestion is not right, as people choose it. */
export const NOT_RIGHT = [
  { key: 'in_touch', label: 'I am in touch with them already' },
  { key: 'wrong_time', label: 'Not at this time' },
  { key: 'wrong_contact', label: 'The wrong contact' },
  { key: 'wrong_action', label: 'Something else would help more' },
  { key: 'no_risk', label: 'They are not about to leave' },
  { key: 'lost', label: 'They have left already, or nothing will keep them' },
  { key: 'other', label: 'Something else' },
] as const
export type NotRightReason = (typeof NOT_RIGHT)[number]['key']

/** Keys alone, as schemas name them. */
export const NOT_RIGHT_REASONS = NOT_RIGHT.map(({ key }) => key) as [NotRightReason, ...NotRightReason[]]

/**
 * @example
 * notRightWords('wrong_contact') // 'The wrong contact'
 */
export function notRightWords(reason: string): string {
  return NOT_RIGHT.find(({ key }) => key === reason)?.label ?? reason.replaceAll('_', ' ')
}
