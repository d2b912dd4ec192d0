/** How the sandbox fails when it is told to: in every way that Twilio, or the way to it, can. */

/** `request`: before the text is made, so that there is none; `answer`: the text is made, and its sender is not told. */
export type SmsFaultPoint = 'request' | 'answer'

export type SmsFault =
  /** Refuses: 429 with 20429, 400 with 21610, 503, … */
  | {
      readonly kind: 'refuse'
      readonly status: number
      /** Twilio's; absent: an answer of something in between, that is no JSON. */
      readonly code?: number
      readonly message?: string
    }
  | { readonly kind: 'drop'; readonly at: SmsFaultPoint }
  /** Says nothing more, for good. */
  | { readonly kind: 'hang'; readonly at: SmsFaultPoint }
  | { readonly kind: 'slow'; readonly at: SmsFaultPoint; readonly ms: number }
  /** Accepts, and then fails: what the callbacks tell. */
  | { readonly kind: 'fail_later'; readonly status: 'failed' | 'undelivered'; readonly code: number }
  /** Tells nothing of it, tells everything twice, or tells the last first. */
  | { readonly kind: 'callbacks'; readonly how: 'never' | 'twice' | 'reversed' }

export interface SmsFaultRule {
  /** E.164; default: everybody. */
  readonly to?: string
  /** How often, default without end. */
  readonly times?: number
  readonly fault: SmsFault
}

export interface Faults {
  /** The latest rule is first in turn; the function takes it away again. */
  inject(rule: SmsFaultRule): () => void
  /** The fault of one of these kinds whose turn it is; null: none. */
  next<K extends SmsFault['kind']>(
    kinds: readonly K[],
    to: string,
    at?: SmsFaultPoint,
  ): Extract<SmsFault, { kind: K }> | null
}

/** @example const faults = createFaults(); faults.inject({ times: 1, fault: { kind: 'drop', at: 'answer' } }) */
export function createFaults(): Faults {
  const rules: { readonly to: string | null; left: number; readonly fault: SmsFault }[] = []
  return {
    inject({ to, times = Infinity, fault }) {
      const rule = { to: to ?? null, left: times, fault }
      rules.unshift(rule)
      return () => {
        rule.left = 0
      }
    },
    next(kinds, to, at) {
      for (const rule of rules) {
        const { fault } = rule
        if (rule.left <= 0 || (rule.to !== null && rule.to !== to)) continue
        if (!isOf(fault, kinds) || ('at' in fault && fault.at !== at)) continue
        rule.left--
        return fault
      }
      return null
    },
  }
}

function isOf<K extends SmsFault['kind']>(
  fault: SmsFault,
  kinds: readonly K[],
): fault is Extract<SmsFault, { kind: K }> {
  return (kinds as readonly string[]).includes(fault.kind)
}
