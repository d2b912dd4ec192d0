/** What neither JSON nor a text of PostgreSQL can hold: it is refused before anybody tries to keep it. */

/**
 * Goes through a value without following it down by calls, so that no depth runs out of stack.
 *
 * @param deepest levels of objects and lists within each other
 * @returns why it cannot be kept; null: it can
 * @example
 * unstorable({ name: 'A\0B' }) // 'takes no NUL characters'
 */
export function unstorable(value: unknown, deepest = Infinity): string | null {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: one, depth } = next
    if (typeof one === 'string') {
      const wrong = wrongText(one)
      if (wrong !== null) return wrong
    }
    if (typeof one !== 'object' || one === null) continue
    if (depth === deepest) return `takes no more than ${deepest} levels within each other`
    for (const [key, inner] of Object.entries(one)) {
      const wrong = wrongText(key)
      if (wrong !== null) return wrong
      open.push({ value: inner, depth: depth + 1 })
    }
  }
  return null
}

function wrongText(text: string): string | null {
  if (text.includes('\0')) return 'takes no NUL characters'
  return text.isWellFormed() ? null : 'takes no halves of characters (lone surrogates)'
}
