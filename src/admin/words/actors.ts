/** Who did something, as people call them. */
import { actorName } from '../../contracts/actor.ts'

const PARTS: Readonly<Record<string, string>> = {
  watch: 'Holdfast itself',
  system: 'Holdfast itself',
  'first start': 'the first start',
}

/** @example actorWord('user:ines') // 'ines' */
export const actorWord = (actor: string): string => PARTS[actor] ?? actorName(actor)
