/** Errors of writing, in words: a full disk, a folder that may not be written. */
import { HoldfastError } from '../contracts/errors.ts'

/**
 * @param path what was to be written
 * @returns the error to throw; errors that are ours already pass through
 */
export function translateWriteError(cause: unknown, path: string): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HoldfastError(
      'output_full',
      `The disk is full: ${path} was not written. Free some space and run it again.`,
      {
        cause,
        retryable: true,
      },
    )
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new HoldfastError(
      'output_denied',
      `${path} may not be written. Choose another place with --out, or give yourself permission.`,
      { cause },
    )
  }
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'EEXIST') {
    return new HoldfastError(
      'output_denied',
      `${path} cannot be written there: its folder does not exist or is a file. Choose another place with --out.`,
      { cause },
    )
  }
  const text = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError('output_failed', `${path} could not be written: ${text}`, { cause })
}
