/** Failures of writing a file, as they are told to people. */
import { dirname } from 'node:path'
import { HoldfastError } from '../../src/contracts/errors.ts'

/**
 * @param path the file that was to be written, as the person named it
 * @param cause an error of the operating system, of DuckDB, or one that is for people already
 */
export function outputError(path: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const text = cause instanceof Error ? cause.message : String(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left/i.test(text)) {
    return new HoldfastError(
      'output_full',
      `The disk is full: ${path} was not written. Free some space and run again.`,
      {
        cause,
        retryable: true,
      },
    )
  }
  if (['EACCES', 'EROFS', 'EPERM'].includes(code)) {
    return new HoldfastError(
      'output_denied',
      `${path} may not be written. Choose a folder that you may write to.`,
      {
        cause,
      },
    )
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new HoldfastError(
      'output_failed',
      `There is no folder ${dirname(path)}. Make it, or choose another.`,
      { cause },
    )
  }
  return new HoldfastError(
    'output_failed',
    `${path} could not be written (${code || 'unknown error'}). Try again.`,
    {
      cause,
    },
  )
}
