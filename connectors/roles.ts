/** Whom to reach first, by the roles that an admin named in order. */

/**
 * Position among the roles of the best one that somebody has: as a label in just these words, or within a job title.
 *
 * @returns the number of roles where they have none of them
 * @example
 * ranking(['Decision maker', 'CFO'])(['DECISION_MAKER'], 'Owner') // 0
 */
export function ranking(roles: readonly string[]): (labels: readonly string[], title: string) => number {
  const wanted = roles.map(plain)
  return (labels, title) => {
    const exact = new Set(labels.map(plain))
    const words = ` ${plain(title)} `
    const found = wanted.findIndex((role) => exact.has(role) || words.includes(` ${role} `))
    return found < 0 ? wanted.length : found
  }
}

/** Words in lower case: `DECISION_MAKER` is "decision maker". */
function plain(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}
