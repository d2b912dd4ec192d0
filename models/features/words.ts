/** Headers and cell values as words: how a column is compared with the dictionary, and how near misses are found. */

const WORD = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{Lo}+|\p{N}+/gu

/** What Salesforce puts around the name of an own field: the namespace of a package before it, `__c` after it. */
const AROUND = /^[a-z][a-z0-9_]{0,14}?__(?=\w+?__p?c$)|__p?c$/giu

/**
 * The words of a header, in lower case, without accents and without Salesforce's `__c` for own fields.
 *
 * @example
 * words('MonthlyCharges') // ['monthly', 'charges']
 * words('Account.AnnualRevenue__c') // ['account', 'annual', 'revenue']
 * words('SBQQ__RenewalDate__c') // ['renewal', 'date']
 */
export function words(header: string): string[] {
  const plain = withoutAccents(header).replace(AROUND, '')
  return (plain.match(WORD) ?? []).map((word) => word.toLowerCase())
}

/**
 * A header or value with everything removed that people write in different ways: case, accents, spaces, signs.
 *
 * @example
 * key('Month-to-month') === key('month to month') // true
 */
export function key(text: string): string {
  return withoutAccents(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}

/**
 * A category value's key. A sign before a number counts ("-1" is not "1"), and 1.0 is 1, as tables write it
 * when a column of whole numbers has gaps.
 */
export function valueKey(value: string): string {
  const text = value.trim()
  const number = /^([+-]?)0*(\d+)(?:\.0+)?$/u.exec(text)
  if (number) return (number[1] === '-' && number[2] !== '0' ? '-' : '') + number[2]
  // Values of signs alone ("+", "<5" against ">5") would all lose what tells them apart.
  const plain = key(text)
  return plain === '' || /[<>+]/u.test(text) ? text.toLowerCase().replace(/\s+/gu, '') : plain
}

/**
 * A header as it reads within a sentence: usual short forms in full, abbreviations in capitals and what belongs
 * to a number ("Q4", "30d") as they are.
 *
 * @example
 * plainWords('NumOfProducts') // 'number of products'
 * plainWords('Total_Ct_Chng_Q4_Q1') // 'total count change Q4 Q1'
 */
export function plainWords(header: string): string {
  const found = header
    .replace(AROUND, '')
    .replaceAll(/['’](?=\p{Ll})/gu, '')
    .match(SPOKEN)
  if (!found) return header.trim()
  return found
    .map((word, i) => {
      const lower = word.toLowerCase()
      if (Object.hasOwn(inFull, lower)) return inFull[lower]
      if (/^mon$/u.test(lower) && /^\p{N}+$/u.test(found[i - 1] ?? '')) return 'months'
      return /^\p{Lu}{2,}$|\p{N}/u.test(word) ? word : lower
    })
    .join(' ')
}

/** As {@link WORD}, but a single letter stays with its number: Q4, 30d. */
const SPOKEN =
  /(?<!\p{L})\p{L}\p{N}+(?!\p{L})|\p{N}+\p{L}(?!\p{L})|\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{Lo}+|\p{N}+/gu

const inFull: Readonly<Record<string, string>> = {
  amt: 'amount',
  avg: 'average',
  bal: 'balance',
  chg: 'change',
  chng: 'change',
  cnt: 'count',
  ct: 'count',
  cust: 'customer',
  eve: 'evening',
  freq: 'frequency',
  intl: 'international',
  mins: 'minutes',
  mth: 'months',
  mths: 'months',
  nbr: 'number',
  num: 'number',
  pct: 'percent',
  perc: 'percent',
  prev: 'previous',
  qty: 'quantity',
  tot: 'total',
  trans: 'transaction',
  vmail: 'voice mail',
}

/**
 * The names most like `name`, best first: for "did you mean …". Damerau-Levenshtein distance over keys, at
 * most a third of the length away, or one containing the other.
 *
 * @example
 * nearestNames('churned', ['Churn', 'Partner']) // ['Churn']
 */
export function nearestNames(name: string, candidates: readonly string[], limit = 3): string[] {
  const wanted = key(name)
  if (wanted === '') return []
  return candidates
    .map((candidate, order) => {
      const other = key(candidate)
      const contained = other.length > 2 && (other.includes(wanted) || wanted.includes(other))
      const distance = editDistance(wanted, other)
      const near = distance <= Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3))
      return {
        candidate,
        order,
        distance: contained ? Math.min(distance, 1) : distance,
        close: contained || near,
      }
    })
    .filter((entry) => entry.close)
    .sort((a, b) => a.distance - b.distance || a.order - b.order)
    .slice(0, limit)
    .map((entry) => entry.candidate)
}

/** Optimal string alignment distance: insert, delete, change, or swap two neighbours, each 1. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(change, previous[j] + 1, row[j - 1] + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2] + 1)
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length]
}

/** Whether `editDistance` is 1, in one step: every header is held against every name of the dictionary. */
export function isOneEditApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  if (a.length > b.length) return a.slice(at + 1) === b.slice(at)
  if (a.length < b.length) return a.slice(at) === b.slice(at + 1)
  if (at === a.length) return false
  if (a.slice(at + 1) === b.slice(at + 1)) return true
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}

function withoutAccents(text: string): string {
  return text
    .replace(/ß/gu, 'ss')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
}
