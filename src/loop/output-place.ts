/**
 * Whether a place can be written, found out before the work rather than after an hour of it.
 */
import { accessSync, constants, readdirSync, statSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../contracts/errors.ts'
import { translateWriteError } from './write-error.ts'

/**
 * For a file that is to be written or replaced.
 *
 * @param inputs files that are read: writing over one of them is refused
 * @throws HoldfastError usage | output_denied | output_failed
 * @example
 * checkOutputFile('evaluation.html', ['customers.csv'])
 */
export function checkOutputFile(path: string, inputs: readonly string[]): void {
  const found = statOf(path)
  if (found !== null) {
    if (inputs.some((input) => isSame(found, statOf(input)))) {
      throw new HoldfastError(
        'usage',
        `${path} is a file that is being read. Choose another name with --out.`,
      )
    }
    if (found.isDirectory()) {
      throw new HoldfastError('output_denied', `${path} is a folder. Name a file in it with --out.`)
    }
    if (!found.isFile()) {
      throw new HoldfastError(
        'output_denied',
        `${path} is not a regular file, so it cannot be replaced in one step. Choose another name with --out.`,
      )
    }
  }
  const folder = dirname(resolve(path))
  const around = statOf(folder)
  if (around === null) {
    throw new HoldfastError('output_failed', `There is no folder ${folder}. Make it, or choose another.`)
  }
  if (!around.isDirectory()) {
    throw new HoldfastError(
      'output_failed',
      `${folder} is a file, not a folder. Choose another place with --out.`,
    )
  }
  mayWrite(folder, path)
}

/**
 * For the folder of a model: new, empty, or a model already (it holds `mark`). Folders on the way are made later.
 *
 * @throws HoldfastError output_denied | output_failed
 * @example
 * checkModelFolder('model', 'bundle.json')
 */
export function checkModelFolder(path: string, mark: string): void {
  const found = statOf(path)
  if (found !== null && !found.isDirectory()) {
    throw new HoldfastError('output_failed', `${path} is a file. Name a folder for the model with --out.`)
  }
  if (found !== null) {
    const names = readdirSync(path)
    if (names.length > 0 && !names.includes(mark)) {
      throw new HoldfastError(
        'output_denied',
        `${path} holds other files and no ${mark}, so it is not replaced by a model. Name a new or empty folder with --out.`,
      )
    }
  }
  let above = dirname(resolve(path))
  while (statOf(above) === null) above = dirname(above)
  if (!statSync(above).isDirectory()) {
    throw new HoldfastError(
      'output_failed',
      `${above} is a file, not a folder. Choose another place with --out.`,
    )
  }
  mayWrite(above, join(path))
}

function mayWrite(folder: string, path: string): void {
  try {
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw translateWriteError(cause, path)
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch (cause) {
    // A file stands where a folder should.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOTDIR') return null
    throw translateWriteError(cause, path)
  }
}

function isSame(a: Stats, b: Stats | null): boolean {
  return b !== null && a.dev === b.dev && a.ino === b.ino
}
