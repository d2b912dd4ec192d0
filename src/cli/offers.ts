/** `holdfast offers`: codes and redemptions out of files, pools, offers, and the secret of billing. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { HoldfastError } from '../contracts/errors.ts'
import { minorDigits } from '../contracts/money.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { serviceCommand } from './service-command.ts'
import { count, many, type Terminal } from './terminal.ts'

export interface OfferCommandOptions extends CommandOptions {
  readonly company?: string
  readonly status?: string
  readonly limit?: number
}

type Asked = (terminal: Terminal) => Promise<Readonly<Record<string, unknown>>>

/**
 * @param what import, pools, list, redeem or secret
 * @param args what stands behind it: a pool and a file, or a file; `-` is standard input
 * @example
 * await offers('import', ['spring', 'codes.csv'], {})
 */
export function offers(what: string, args: readonly string[], options: OfferCommandOptions): Promise<number> {
  return runCommand(options, (terminal) => commandOf(what, args, options)(terminal))
}

function commandOf(what: string, args: readonly string[], options: OfferCommandOptions): Asked {
  if (what === 'import') return imported(taking(what, args, ['pool', 'file']), options)
  if (what === 'redeem') return redeemed(taking(what, args, ['file']), options)
  taking(what, args, [])
  if (what === 'pools') return pools(options)
  if (what === 'list') return listed(options)
  if (what === 'secret') return secret(options)
  throw new HoldfastError(
    'usage',
    `holdfast offers can import, pools, list, redeem and secret, not "${what}". See "holdfast offers --help".`,
  )
}

function taking(what: string, args: readonly string[], names: readonly string[]): readonly string[] {
  if (args.length === names.length) return args
  const usage = ['holdfast offers', what, ...names.map((name) => `<${name}>`)].join(' ')
  throw new HoldfastError('usage', `It is called as "${usage}".`)
}

function imported([pool, path]: readonly string[], { company }: OfferCommandOptions): Asked {
  return async (terminal) => {
    const asked = { company, pool, text: await contentOf(path) }
    const done = await serviceCommand('offers-import', asked, terminal)
    const { added, known } = done as unknown as { added: number; known: number }
    terminal.print(`${many(added, 'code')} came into "${pool}".`)
    if (known > 0)
      terminal.print(
        `${many(known, 'code was', 'codes were')} known, in this pool or another, and ${known === 1 ? 'stays as it was' : 'stay as they were'}.`,
      )
    return done
  }
}

function redeemed([path]: readonly string[], { company }: OfferCommandOptions): Asked {
  return async (terminal) => {
    const done = await serviceCommand('offers-redeem', { company, text: await contentOf(path) }, terminal)
    const { problems, ...counts } = done as unknown as {
      redeemed: number
      known: number
      refused: number
      problems: readonly { line: number; message: string }[]
    }
    terminal.print(
      `${count(counts.redeemed)} recorded, ${count(counts.known)} known before, ${count(counts.refused)} refused.`,
    )
    for (const { line, message } of problems) terminal.warn(`Line ${line}: ${message}`)
    return done
  }
}

function pools({ company }: OfferCommandOptions): Asked {
  return async (terminal) => {
    const done = await serviceCommand('offers-pools', { company }, terminal)
    const all = done['pools'] as readonly { pool: string; free: number; taken: number; few: boolean }[]
    if (all.length === 0) terminal.print('There is no pool yet: holdfast offers import <pool> <file>.')
    for (const { pool, free, taken, few } of all)
      terminal.print(`${pool}: ${count(free)} free${few ? ' (few)' : ''}, ${count(taken)} given.`)
    return done
  }
}

interface Listed {
  readonly code: string | null
  readonly intervention: string
  readonly basisPoints: number
  readonly months: number
  readonly status: string
  readonly customerName: string | null
  readonly expiresOn: string
  readonly costMinor: number | null
  readonly currency: string
}

function listed({ company, status, limit }: OfferCommandOptions): Asked {
  return async (terminal) => {
    const done = await serviceCommand('offers-list', { company, status, limit }, terminal)
    const all = done['offers'] as readonly Listed[]
    if (all.length === 0) terminal.print('There is no such offer.')
    for (const one of all) terminal.print(line(one))
    if (done['more'] === true) terminal.note('There are more: --limit shows up to 200.')
    return done
  }
}

function line(one: Listed): string {
  const digits = minorDigits(one.currency)
  const cost =
    one.costMinor === null
      ? 'cost not known'
      : `cost ${(one.costMinor / 10 ** digits).toFixed(digits)} ${one.currency} so far`
  const what = `${one.basisPoints / 100} % for ${one.months === 1 ? 'one month' : `${one.months} months`}`
  return `${one.code ?? one.intervention}  ${one.status}  ${what}, until ${one.expiresOn}, ${cost}  ${one.customerName ?? ''}`.trimEnd()
}

function secret({ company }: OfferCommandOptions): Asked {
  return async (terminal) => {
    const done = await serviceCommand('offers-secret', { company }, terminal)
    terminal.print(String(done['secret']))
    terminal.note(
      `It is shown this once, and the one before does not work any more. Billing sends to ${String(done['path'])}.`,
    )
    return done
  }
}

async function contentOf(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new HoldfastError('input_missing', `${path} cannot be read (${cause.code}).`, { cause })
  })
}
