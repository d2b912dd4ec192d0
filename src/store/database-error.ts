/** Errors of PostgreSQL and of the way to it, as a person can act on them. */
import { HoldfastError } from '../contracts/errors.ts'

/** @see https://www.postgresql.org/docs/15/errcodes-appendix.html */
const RETRYABLE = new Set(['40001', '40P01', '55P03', '57014'])

interface Known {
  readonly code?: string
  readonly message: string
  /** Of PostgreSQL; FATAL ends the connection. */
  readonly severity?: string
}

/**
 * What could not be reached becomes `database_unavailable`, which a retry may mend; a full disk `output_full`. All
 * else is a defect of ours or a constraint that the caller knows by its SQLSTATE, and passes unchanged.
 */
export function databaseError(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof HoldfastError) return cause
  const { code = '', message, severity }: Known = cause
  if (code === '53100')
    return new HoldfastError(
      'output_full',
      'The disk of the database is full. Nothing was half written. Make room; Holdfast goes on by itself.',
      { cause, retryable: true },
    )
  const advice = adviceOf(code, message, severity)
  if (advice === null) return cause
  return new HoldfastError('database_unavailable', `The database cannot be reached: ${advice}`, {
    cause,
    retryable: true,
  })
}

/** Whether the same transaction may succeed when it is run again at once. */
export function isConflict(cause: unknown): boolean {
  return RETRYABLE.has((cause as Known).code ?? '')
}

function adviceOf(code: string, message: string, severity?: string): string | null {
  if (code === 'ECONNREFUSED')
    return 'nobody listens at the address in DATABASE_URL. Start PostgreSQL, or correct the address.'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'the host in DATABASE_URL is not known. Correct it, or mend the name service.'
  if (code === '28P01' || code === '28000')
    return 'PostgreSQL refused the user or password in DATABASE_URL. Correct them.'
  if (code === '3D000')
    return 'the database named in DATABASE_URL does not exist. Create it, or correct the name.'
  if (code === '55000' && severity === 'FATAL')
    return 'the database named in DATABASE_URL takes no connections at present (ALLOW_CONNECTIONS). Holdfast goes on by itself once it does.'
  if (code === '53300')
    return 'PostgreSQL has no connection left. Raise max_connections, or run fewer processes.'
  if (
    code.startsWith('08') ||
    code.startsWith('57P') ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'ETIMEDOUT'
  )
    return 'the connection was lost. It is made again by itself; if it stays away, look at the log of PostgreSQL.'
  // A wait for a lock that was longer than asked for: the connection is well.
  if (code === '55P03') return null
  if (/timeout|Connection terminated|not queryable/i.test(message))
    return 'the connection was lost or took too long. It is made again by itself; if it stays away, look at the log of PostgreSQL.'
  return null
}
