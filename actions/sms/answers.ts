/** What people answer by text, as far as it has to be understood: an end, its end, or a question who writes. */

export type AnswerMeaning =
  | 'stop'
  /** As good as stop, and perhaps about more than texts: a person should read it. */
  | 'stop_and_read'
  | 'start'
  /** Twilio takes it for START; after a question it is an answer. Whoever is opted out means START. */
  | 'start_or_answer'
  | 'help'
  | 'answer'

/**
 * The whole message counts, without its marks: `Stop by tomorrow?` is no opt-out. Beyond the words that Twilio acts on
 * (https://help.twilio.com/articles/223134027) those that people use count as well: taking one answer too many for a
 * no costs a text, the other way round costs trust.
 *
 * @param optOutType of Twilio's Advanced Opt-Out, which has judged already; null: it has not
 * @example
 * meaningOf('Stop!', null) // 'stop'
 * meaningOf('Yes', null) // 'start_or_answer'
 */
export function meaningOf(body: string, optOutType: string | null): AnswerMeaning {
  const judged = optOutType === null ? undefined : ADVANCED[optOutType.toUpperCase()]
  if (judged !== undefined) return judged
  const words = body
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
  return words === '' ? 'answer' : (MEANINGS.get(words) ?? 'answer')
}

const ADVANCED: Readonly<Record<string, AnswerMeaning>> = { STOP: 'stop', START: 'start', HELP: 'help' }

/** In small letters, without marks and accents, several in a line. */
const WORDS: Readonly<Record<Exclude<AnswerMeaning, 'answer'>, string>> = {
  stop: `
    stop, stopall, stop all, unsubscribe, end, quit, optout, opt out, revoke, please stop, stop please, stop it
    stop texting me, stop messaging me, do not text me, don t text me, dont text me, no more texts, no more, remove me
    stopp, bitte stop, bitte stopp, abmelden, abbestellen, austragen, keine sms, keine sms mehr
    arret, arreter, desabonner, baja, alto, parar, cancella, disiscrivi, afmelden`,
  stop_and_read: 'cancel, kundigen, kuendigen, kundigung, resilier, cancelar, opzeggen',
  start: 'start, unstop, subscribe, anmelden',
  start_or_answer: 'yes',
  help: 'help, info, hilfe, aide, ayuda',
}

const MEANINGS: ReadonlyMap<string, AnswerMeaning> = new Map(
  Object.entries(WORDS).flatMap(([meaning, lines]) =>
    lines.split(/[,\n]/).map((words) => [words.trim(), meaning as AnswerMeaning] as const),
  ),
)
