/** What differs between two texts, line by line. */

export interface Line {
  readonly kind: 'same' | 'gone' | 'come'
  readonly text: string
}

/** Above so many pairs of lines only their beginnings and ends are compared. */
const MOST_PAIRS = 4_000_000

/**
 * By the longest common subsequence of lines: what went stands before what came.
 *
 * @example
 * linesBetween('a\nb', 'a\nc') // same a, gone b, come c
 */
export function linesBetween(before: string, after: string): readonly Line[] {
  const [old, young] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < old.length && start < young.length && old[start] === young[start]) start++
  let end = 0
  while (end < old.length - start && end < young.length - start && old.at(-1 - end) === young.at(-1 - end))
    end++
  const [gone, come] = [old.slice(start, old.length - end), young.slice(start, young.length - end)]
  return [
    ...old.slice(0, start).map(sameLine),
    ...(gone.length * come.length > MOST_PAIRS
      ? [
          ...gone.map((text): Line => ({ kind: 'gone', text })),
          ...come.map((text): Line => ({ kind: 'come', text })),
        ]
      : between(gone, come)),
    ...old.slice(old.length - end).map(sameLine),
  ]
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.split('\n'))
const sameLine = (text: string): Line => ({ kind: 'same', text })

function between(old: readonly string[], young: readonly string[]): readonly Line[] {
  const width = young.length + 1
  // Of what begins at old[i] and young[j]: the longest that both have.
  const longest = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = young.length - 1; j >= 0; j--)
      longest[i * width + j] =
        old[i] === young[j]
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1])
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      lines.push(sameLine(old[i++]))
      j++
    } else if (
      i < old.length &&
      (j === young.length || longest[(i + 1) * width + j] >= longest[i * width + j + 1])
    )
      lines.push({ kind: 'gone', text: old[i++] })
    else lines.push({ kind: 'come', text: young[j++] })
  }
  return lines
}
