/** What every input of a form may need to know of the form. */
import { createContext, useContext } from 'react'
import type { WordsOf } from '../../settings/words.ts'

export interface FormSurroundings extends WordsOf {
  /** What the server said is wrong, by path. */
  readonly problems: ReadonlyMap<string, string>
  /** What is said where something is as it ships, beyond that: what ships. */
  ships(path: string): string | null
}

export const Surroundings = createContext<FormSurroundings>({
  currency: 'EUR',
  actions: [],
  problems: new Map(),
  ships: () => null,
})

export const useSurroundings = (): FormSurroundings => useContext(Surroundings)
