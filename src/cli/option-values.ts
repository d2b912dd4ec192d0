/** Values of options as the command line has them. */
import { InvalidArgumentError } from 'commander'

/**
 * A whole number of a range.
 *
 * @example
 * option.option('--limit <n>', 'how many', whole(1, 200))
 */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
    }
    return value
  }
}

/** Names with commas between them. */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** What an option that may stand several times has so far. */
export function collect(text: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), text]
}
