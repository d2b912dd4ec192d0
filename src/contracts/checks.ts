/** One thing that was looked at by `doctor`, a connector or a channel. */
export interface Check {
  /** As a heading: "SMTP server". */
  readonly name: string
  /** `off` is a choice, with the reason in `message`; `warning` works for now; `failed` does not. */
  readonly status: 'ok' | 'off' | 'warning' | 'failed'
  /** What was found, what it means for the customers, what to do. */
  readonly message: string
  /** Of a limit: how much of it is used, and of how much, in one unit. */
  readonly used?: { readonly many: number; readonly of: number; readonly until: string | null }
}
