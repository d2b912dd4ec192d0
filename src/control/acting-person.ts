/** Who set something up, and from where: the audit log names them, and advice is given in the words of where they are. */
export interface Person {
  /** As the audit log names them: `cli`, `user:owner`. */
  readonly actor: string
  readonly requestId?: string
  /** The command line, or the app and its API. */
  readonly way: 'cli' | 'app'
}

export const COMMAND_LINE: Person = { actor: 'cli', way: 'cli' }

/** As the audit log takes it. */
export const auditOf = ({
  actor,
  requestId,
}: Person): { readonly actor: string; readonly requestId?: string } => ({
  actor,
  ...(requestId === undefined ? {} : { requestId }),
})
